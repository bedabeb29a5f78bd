# All programs in one image; the command says which one runs. Base images are ARGs, for mirrors.
ARG BUILD_IMAGE=rust:1.95.0-bookworm
ARG RUN_IMAGE=debian:bookworm-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY . .
RUN cargo build --profile dist --workspace --bins

FROM ${RUN_IMAGE}
# The api's database, when it is SQLite.
RUN mkdir /data && chown 10001:10001 /data
COPY --from=build /src/target/dist/gatepipe /src/target/dist/gatepipe-register \
    /src/target/dist/gatepipe-gateway /src/target/dist/gatepipe-api /usr/local/bin/
USER 10001:10001
WORKDIR /data
VOLUME /data
CMD ["gatepipe", "--help"]
