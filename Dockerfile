# Builds both programs, and runs the server as a user without rights. docs/SERVICE.md tells how to use it.
FROM rust:1-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev make && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bins

FROM debian:bookworm-slim
RUN useradd --system --home-dir /data --shell /usr/sbin/nologin memora && install -d -o memora -g memora /data
COPY --from=build /src/target/release/memora-server /src/target/release/memora-cli /usr/local/bin/
USER memora
WORKDIR /data
VOLUME /data
EXPOSE 6379
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["memora-cli", "PING"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["memora-server", "--bind", "0.0.0.0", "--protected-mode", "no", "--dir", "/data"]
CMD ["--appendonly", "yes"]
