# syntax=docker/dockerfile:1
# All programs in one image; the command says which one runs. Base images are ARGs, for mirrors and for machines without a registry.
ARG NODE_IMAGE=node:22-bookworm-slim
ARG BUILD_IMAGE=rust:1.95.0-bookworm
# Anything with glibc of that age: also gcr.io/distroless/cc-debian12, because nothing is run in it here.
ARG RUN_IMAGE=debian:bookworm-slim

# The pages, which the programs contain.
FROM ${NODE_IMAGE} AS pages
WORKDIR /src/web
COPY web .
RUN npm ci && npm run build

FROM ${BUILD_IMAGE} AS chef
# What the image has is used; rust-toolchain.toml would fetch the tools of developers too.
ENV RUSTUP_TOOLCHAIN=1.95.0
RUN cargo install cargo-chef --locked --version 0.1.78
WORKDIR /src

FROM chef AS plan
COPY . .
RUN cargo chef prepare --recipe-path recipe.json

# Dependencies first: this layer stays as long as the manifests do.
FROM chef AS build
COPY --from=plan /src/recipe.json .
# What is built in beside the defaults; `--build-arg FEATURES=` leaves traces out.
ARG FEATURES=otlp
RUN cargo chef cook --profile dist --locked --workspace --bins --features "$FEATURES" --recipe-path recipe.json
COPY . .
COPY --from=pages /src/crates/web-assets/dist crates/web-assets/dist
# A release without its console is refused.
ENV GATEPIPE_REQUIRE_CONSOLE=1
RUN cargo build --profile dist --locked --workspace --bins --features "$FEATURES"
# For exports, and for the api's database when it is SQLite.
RUN mkdir /data

FROM ${RUN_IMAGE}
LABEL org.opencontainers.image.title="Gatepipe" \
    org.opencontainers.image.description="Push for people who are logged in" \
    org.opencontainers.image.licenses="MIT OR Apache-2.0"
# Whom https:// key sets and databases are checked against.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build --chown=10001:10001 /data /data
COPY --from=build /src/target/dist/gatepipe /src/target/dist/gatepipe-register \
    /src/target/dist/gatepipe-gateway /src/target/dist/gatepipe-api /usr/local/bin/
# A number, so that orchestrators can see that it is not root. The root file system may be read-only.
USER 10001:10001
WORKDIR /data
VOLUME /data
# Which admin listener is asked depends on the program: docker-compose.yml has the health check of each.
STOPSIGNAL SIGTERM
CMD ["gatepipe", "--help"]
