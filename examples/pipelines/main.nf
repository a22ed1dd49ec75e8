// A job for each file: Nextflow decides which, longhaul runs them. Only what may pass by itself is tried again.
params.scans = 'scans/**.txt'

process countWords {
  errorStrategy { task.exitStatus in [69, 124, 130] ? 'retry' : 'terminate' }
  maxRetries 3
  maxForks 50

  input:
  path scan

  output:
  path 'counted/count.txt'

  script:
  """
  longhaul submit words text=@${scan} --wait --deadline 2h --out counted
  """
}

workflow {
  countWords(Channel.fromPath(params.scans))
}
