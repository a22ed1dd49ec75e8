const f32 = Math.fround

/** Dark pixels step by step as specified, pixel by pixel, with nothing shared with the one that is tested. */
export function literalDarkPixels(pixels: Uint8Array, width: number, height: number): number[] {
  const places = Array.from(
    pixels,
    (_, i) => (i % height) * width + Math.floor(i / height), // down the columns
  )
  const v = places.map((at) => f32(f32(pixels[at]!) / f32(255)))
  const centre = [0, 1]
  const distanceTo = (c: number) => v.map((value) => f32(f32(value - c) * f32(value - c)))
  const distance = [distanceTo(0), distanceTo(1)]
  let assigned = v.map((_, i): number => (distance[1]![i]! < distance[0]![i]! ? 1 : 0))
  const membersOf = (c: number) => assigned.flatMap((own, i) => (own === c ? [i] : []))
  const settle = (c: number) => {
    const members = membersOf(c)
    if (members.length > 0)
      centre[c] = f32(members.reduce((sum, i) => f32(sum + v[i]!), 0) / f32(members.length))
    distance[c] = distanceTo(centre[c]!)
  }
  let before = { total: Infinity, assigned }
  let changed = new Set([0, 1])
  for (let step = 0; step < 100; step++) {
    for (const c of changed) settle(c)
    for (const empty of [0, 1]) {
      if (membersOf(empty).length > 0) continue
      const own = assigned.map((c, i) => distance[c]![i]!)
      let lonely = own.indexOf(own.reduce((most, d) => Math.max(most, d), -1))
      let donor = assigned[lonely]!
      if (membersOf(donor).length < 2) {
        donor = [0, 1].find((c) => membersOf(c).length > 1)!
        lonely = assigned.indexOf(donor)
      }
      centre[empty] = v[lonely]!
      assigned = assigned.with(lonely, empty)
      distance[empty] = distanceTo(centre[empty])
      settle(donor)
      changed.add(donor)
    }
    const total = assigned.reduce((sum, c, i) => f32(sum + distance[c]![i]!), 0)
    if (before.total <= total) {
      assigned = before.assigned
      for (const c of changed) settle(c)
      break
    }
    before = { total, assigned }
    changed = new Set()
    const next = assigned.map((c, i) => {
      if (!(distance[1 - c]![i]! < distance[c]![i]!)) return c
      changed.add(0).add(1)
      return 1 - c
    })
    if (changed.size === 0) break
    assigned = next
  }
  const bright = centre[1]! > centre[0]! ? 1 : 0
  const limit = f32(
    f32(membersOf(bright).reduce((least, i) => Math.min(least, v[i]!), Infinity)) * 0.75,
  )
  const dark: number[] = []
  for (const [i, at] of places.entries()) dark[at] = assigned[i] === bright || v[i]! > limit ? 0 : 1
  return dark
}
