/**
 * A program in Python that asks an S3 server by itself: `digest <key>` prints the SHA-256 of an object, `keys` and `uploads`
 * print what lies there and what is open. Nothing but the standard library, the signature included.
 */
export const s3Judge = String.raw`
import datetime, hashlib, hmac, json, re, sys, urllib.parse, urllib.request
s3, what = json.loads(sys.argv[1]), sys.argv[2]
host = urllib.parse.urlsplit(s3["endpoint"]).netloc

def get(path, query=""):
    now = datetime.datetime.now(datetime.timezone.utc)
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    empty = hashlib.sha256(b"").hexdigest()
    headers = {"host": host, "x-amz-content-sha256": empty, "x-amz-date": stamp}
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = "\n".join(["GET", path, query, lines, names, empty])
    scope = f"{day}/{s3['region']}/s3/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, digest])
    key = ("AWS4" + s3["secretKey"]).encode()
    for part in [day, s3["region"], "s3", "aws4_request"]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={s3['accessKey']}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    url = s3["endpoint"] + path + ("?" + query if query else "")
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers))

bucket = "/" + s3["bucket"]
if what == "digest":
    sha256 = hashlib.sha256()
    with get(bucket + "/" + urllib.parse.quote(sys.argv[3])) as answer:
        while piece := answer.read(1 << 20):
            sha256.update(piece)
    print(sha256.hexdigest())
else:
    query = "list-type=2" if what == "keys" else "uploads="
    for key in re.findall("<Key>([^<]*)</Key>", get(bucket, query).read().decode()):
        print(key)
`
