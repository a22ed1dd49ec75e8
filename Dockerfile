# longhaul with Node 24 and Python 3, for an API process or a worker: docs/guides/deploying.md.
# tini is pid 1: children that lose their parent are its to reap, and signals reach the service.
ARG NODE=24-bookworm-slim

FROM node:${NODE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
COPY packages/protocol/package.json packages/protocol/
COPY packages/client/package.json packages/client/
COPY packages/longhaul/package.json packages/longhaul/
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build
RUN mkdir /packed && npm pack --silent --pack-destination /packed -w packages/protocol -w packages/client -w packages/longhaul

# What runs: exactly the published files, and the dependencies that the lock names.
FROM node:${NODE} AS app
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages/protocol/package.json packages/protocol/
COPY packages/client/package.json packages/client/
COPY packages/longhaul/package.json packages/longhaul/
RUN npm ci --omit=dev --omit=peer --ignore-scripts --no-audit --no-fund
COPY --from=build /packed /packed
RUN tar -xzf /packed/longhaul-protocol-*.tgz -C packages/protocol --strip-components=1
RUN tar -xzf /packed/longhaul-client-*.tgz -C packages/client --strip-components=1
RUN cd /packed && tar -xzf $(ls longhaul-[0-9]*.tgz) -C /app/packages/longhaul --strip-components=1

FROM node:${NODE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 tini \
 && rm -rf /var/lib/apt/lists/*
COPY --from=app /app /opt/longhaul
COPY deploy/healthcheck.mjs /opt/longhaul/healthcheck.mjs
RUN ln -s /opt/longhaul/packages/longhaul/bin/longhaul.js /usr/local/bin/longhaul
RUN install -d -o 1000 -g 1000 /data /processors
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000 LONGHAUL_DATA=/data QUANT_RUNS_DIR=/data/.quant_runs
# By number, so that Kubernetes can see that it is not root.
USER 1000:1000
WORKDIR /processors
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "/opt/longhaul/healthcheck.mjs"]
ENTRYPOINT ["tini", "--", "longhaul"]
CMD ["--help"]
