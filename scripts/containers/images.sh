#!/usr/bin/env bash
# The images that the container tests are built on, where no image registry can be reached: those that are there are
# kept, others are pulled, and what cannot be pulled is made here, under the same name and with the same layout.
#   scripts/containers/images.sh [node] [kafka]    all of them without arguments
# Made from: Debian's packages (debootstrap), the `node` package of node_modules with npm's own package, Kafka's published
# jars (Maven). MILLRACE_IMAGES=local makes them even where they could be pulled. An image that was made here carries the
# label `millrace.recipe`; it is made again when its recipe has changed. What was downloaded stays in .cache/containers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

debian=millrace/debian:bookworm
node=node:24-slim
kafka_version=${MILLRACE_KAFKA_VERSION:-4.3.1}
kafka=apache/kafka:$kafka_version
# The same image under the name that Testcontainers' KafkaContainer knows; Confluent 8.3 is Kafka 4.3.
cp_kafka=confluentinc/cp-kafka:8.3.1
cache=$PWD/.cache/containers
here=scripts/containers
work=

say() { echo "images: $*" >&2; }

finish() { [ -z "$work" ] || rm -rf "$work"; }
trap finish EXIT

label_of() { docker image inspect --format '{{index .Config.Labels "millrace.recipe"}}' "$1" 2>/dev/null; }

recipe() { # <functions…>: what makes the image, and what is given on stdin
  { declare -f "$@" && cat; } | sha256sum | cut -c1-16
}

is_there() { # <tag> <recipe>: as it came from a registry, or made by this recipe
  docker image inspect "$1" >/dev/null 2>&1 || return 1
  local label
  label=$(label_of "$1")
  [ "${MILLRACE_IMAGES:-}" != local ] || [ -n "$label" ] || return 1
  [ -z "$label" ] || [ "$label" = "$2" ]
}

pulled() {
  [ "${MILLRACE_IMAGES:-}" != local ] || return 1
  timeout 300 docker pull -q "$1" >/dev/null 2>&1 && say "$1 pulled"
}

needs() { # <command> <package>
  command -v "$1" >/dev/null && return 0
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    say "'$1' is missing (Debian package $2)"
    return 1
  fi
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >"$work/apt.log" 2>&1
}

build() { # <tag> <recipe> <context> <arguments…>
  local tag=$1 recipe=$2 context=$3
  shift 3
  if ! DOCKER_BUILDKIT=0 docker build --label "millrace.recipe=$recipe" -t "$tag" "$@" "$context" >"$work/build.log" 2>&1 </dev/null; then
    tail -30 "$work/build.log" >&2
    return 1
  fi
  say "$tag made"
}

make_debian() {
  local recipe
  recipe=$(recipe make_debian </dev/null)
  ! is_there "$debian" "$recipe" || return 0
  needs debootstrap debootstrap
  mkdir -p "$cache/debs"
  debootstrap --variant=minbase --include=ca-certificates --cache-dir="$cache/debs" bookworm "$work/tree" >"$work/debootstrap.log" 2>&1 ||
    { tail -20 "$work/debootstrap.log" >&2; return 1; }
  rm -rf "$work"/tree/var/cache/apt/* "$work"/tree/var/lib/apt/lists/* "$work"/tree/usr/share/{doc,man,locale}/*
  # Packages with manual pages for commands expect the folder (openjdk).
  mkdir -p "$work/tree/usr/share/man/man1"
  # A machine behind a proxy with its own certificates has them here; npm in a build needs them as well.
  [ ! -e /etc/ssl/certs/ca-certificates.crt ] || cp /etc/ssl/certs/ca-certificates.crt "$work/tree/etc/ssl/certs/"
  tar -C "$work/tree" -c . | docker import -c 'ENV LANG=C.UTF-8' -c "LABEL millrace.recipe=$recipe" -c 'CMD ["bash"]' - "$debian" >/dev/null
  rm -rf "$work/tree"
  say "$debian made"
}

make_node() { # user, paths and entry as in the official image
  local recipe context=$work/node
  recipe=$(recipe make_debian make_node <node_modules/node/package.json)
  if is_there "$node" "$recipe" || pulled "$node"; then return 0; fi
  make_debian
  mkdir -p "$context/npm"
  install -m 755 node_modules/node/bin/node "$context/node"
  (cd "$context" && npm pack --silent npm@11 >/dev/null && tar -xzf npm-*.tgz --strip-components=1 -C npm)
  cat >"$context/Dockerfile" <<'DOCKERFILE'
ARG DEBIAN
FROM ${DEBIAN}
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
 && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx \
 && chmod 755 /usr/local/lib/node_modules/npm/bin/*-cli.js \
 && groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node && npm --version
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
CMD ["node"]
DOCKERFILE
  build "$node" "$recipe" "$context" --build-arg "DEBIAN=$debian"
}

fetch_kafka() { # the broker and its command line tools; Maven keeps what it has in its own repository
  local jars=$cache/kafka-$kafka_version
  [ ! -e "$jars/complete" ] || return 0
  needs mvn maven
  mkdir -p "$jars"
  sed "s/@VERSION@/$kafka_version/" "$here/kafka/pom.xml" >"$work/pom.xml"
  mvn -q -B -f "$work/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$jars/libs" >"$work/maven.log" 2>&1 ||
    { tail -20 "$work/maven.log" >&2; return 1; }
  touch "$jars/complete"
}

make_kafka() {
  local recipe context=$work/kafka
  recipe=$(cat <(echo "$kafka_version") "$here"/kafka/* | recipe make_debian make_kafka)
  if is_there "$kafka" "$recipe" || pulled "$kafka"; then return 0; fi
  make_debian
  fetch_kafka
  mkdir -p "$context"
  cp -r "$here/kafka/." "$context"
  cp -r "$cache/kafka-$kafka_version/libs" "$context/libs"
  build "$kafka" "$recipe" "$context" --build-arg "DEBIAN=$debian"
  docker tag "$kafka" "$cp_kafka"
}

work=$(mktemp -d)
export PATH=$PWD/node_modules/.bin:$PATH
for image in "${@:-node kafka}"; do
  for one in $image; do
    case $one in
    node | kafka) "make_$one" ;;
    *)
      say "no image '$one': node, kafka"
      exit 2
      ;;
    esac
  done
done
