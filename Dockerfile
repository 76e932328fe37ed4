# The release that the tests run on. Packages are installed without running their scripts; their own copy of Node is left out.
FROM node:24.21.0-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/node-linux-* node_modules/.bin/node

FROM node:24.21.0-bookworm-slim
RUN install -d -o node -g node -m 0700 /data
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json muniment.ts LICENSE ./
COPY domain ./domain
COPY commands ./commands
COPY projections ./projections
COPY read-api ./read-api
COPY protocol ./protocol
COPY infra ./infra
COPY cli ./cli

# All that is written goes to the volume, so the root file system may be read-only; nothing at run time needs a shell.
ENV NODE_ENV=production MUNIMENT_DATA=/data MUNIMENT_HOST=0.0.0.0
USER node
VOLUME /data
EXPOSE 8080

# The certificate is not checked: it is this container's own, and the name asked for is the loopback address.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "const s=(process.env.MUNIMENT_TLS||'off')!=='off';require(s?'https':'http').get({host:'127.0.0.1',port:process.env.MUNIMENT_PORT||8080,path:'/health/ready',rejectUnauthorized:false},r=>process.exit(r.statusCode===200?0:1)).on('error',()=>process.exit(1))"]

CMD ["node", "muniment.ts", "start"]
