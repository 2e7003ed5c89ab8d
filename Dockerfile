# pgrehearse as an image: the program, the root certificates, and nothing else.
#
#     docker build -t pgrehearse .
#     docker run --rm -v /var/run/docker.sock:/var/run/docker.sock \
#         --group-add "$(stat -c %g /var/run/docker.sock)" \
#         -v "$PWD/demo:/dumps:ro" pgrehearse run /dumps/shop.dump -p docker-default
#
# Sandboxes are sibling containers that the engine behind the socket starts. The user in here is not root, so the
# container needs the socket's group: that is what --group-add (in Compose `group_add`) is for. Docker Desktop's socket
# belongs to group 0. Whoever has the socket has the machine, whatever user that is: see docs/security.md.
#
# Both bases can be replaced. The first needs cargo, a C compiler and root certificates; the second needs only glibc
# and libgcc, no newer or older than what the first one links against: no shell, no package manager.
ARG RUST_IMAGE=rust:1-bookworm
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${RUST_IMAGE} AS build
# Builders without BuildKit leave this stage as an image without a name: the label finds it.
LABEL io.pgrehearse.stage=build
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin pgrehearse
# Directories of the image below. Any user may write its state, so that `--user` works.
RUN install -D -m 755 target/release/pgrehearse /image/usr/local/bin/pgrehearse \
    && install -D -m 644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt \
    && install -d -m 1777 /image/state \
    && install -d -m 755 /image/dumps

FROM ${BASE_IMAGE}
COPY --from=build /image/ /
# With a volume here, a run can tell what an earlier one left from what a live one uses.
ENV PGREHEARSE_STATE_DIR=/state
USER 65532:65532
WORKDIR /dumps
ENTRYPOINT ["/usr/local/bin/pgrehearse"]
CMD ["--help"]
