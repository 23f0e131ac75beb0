# shellcheck shell=bash
# Sourced by the gate and by tests/coverage/run, which test builds of the programs other than the release build. What all
# builds have in common is built once: the tests that run programs are those of the release build.

# build PRESET [CMAKE-OPTION...] [-- TARGET...]
build() {
  local preset=$1 options=()
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do options+=("$1") && shift; done
  cmake --preset "$preset" -DCMAKE_COMPILE_WARNING_AS_ERROR=ON "${options[@]}" &&
    cmake --build "build/$preset" ${2:+--target "${@:2}"}
}

# build_variant PRESET [TARGET...]: the programs and these targets. The files of a library are compiled together, which
# takes half the time; that each of them can stand alone is known from the release build.
build_variant() {
  local programs
  mapfile -t programs < <(cd build/release/bin && ls -d s6-*)
  build "$1" -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=0 -- "${programs[@]}" "${@:2}"
}

# run_tests DIR CTEST-OPTION...
# Most tests wait most of the time, so more of them than processors run at once.
run_tests() {
  ctest --test-dir "$1" --output-on-failure --no-tests=error -j12 --repeat until-pass:2 --output-junit tests.xml "${@:2}"
}

# tests_of_release_on PRESET DIR: the tests find the programs that they test by directories in their environment. So a
# copy of their lists in which those are other ones makes them test the programs of another build. It goes to DIR, which
# can take the tests of several builds: their names are PRESET-NAME.
tests_of_release_on() {
  local list
  while IFS= read -r list; do
    mkdir -p "$2/$1/$(dirname "$list")"
    sed -e "s|=$PWD/build/release/bin|=$PWD/build/$1/bin|g" \
      -e "s/^\(add_test\|set_tests_properties\)(\[=\[/&$1-/" "build/release/tests/$list" >"$2/$1/$list"
  done < <(cd build/release/tests && find . -name CTestTestfile.cmake)
  printf 'subdirs("%s")\n' "$1" >>"$2/CTestTestfile.cmake"
}
