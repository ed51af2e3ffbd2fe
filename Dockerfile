# docker run --rm -v "$PWD:/work" dechaff check .
FROM rust:1-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN cargo build --profile dist --features full --locked --package dechaff --bin dechaff

FROM debian:stable-slim
# For --since.
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/* \
    && git config --system --add safe.directory '*'
COPY --from=build /source/target/dist/dechaff /usr/local/bin/dechaff
WORKDIR /work
ENTRYPOINT ["dechaff"]
CMD ["check", "."]
