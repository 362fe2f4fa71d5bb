# The mlctl program as an image: docker build -t mlctl .
# Then, with the user that owns the files: docker run --rm --user "$(id -u)" -v "$PWD:/data" mlctl train data.csv
# (The image of one model, which serves it, is written by `mlctl docker`; see docs/docker.md.)
ARG BASE=debian:12-slim
FROM ${BASE} AS build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
WORKDIR /src
COPY scripts/lib/packages.sh scripts/lib/
RUN . scripts/lib/packages.sh && install_missing "${build_packages[@]}" && rm -rf /var/lib/apt/lists/*
COPY . .
RUN make -j"$(nproc)" && scripts/lib/rootfs /rootfs /usr/bin build/release/mlctl build/release/mlctl-runtime

FROM scratch
LABEL org.opencontainers.image.title="mlctl" \
      org.opencontainers.image.description="From a CSV file to a trained, served and containerised model"
COPY --from=build /rootfs/ /
WORKDIR /data
USER 65532:65532
ENTRYPOINT ["/usr/bin/mlctl"]
CMD ["--help"]
