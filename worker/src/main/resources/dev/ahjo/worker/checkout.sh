# Brings one revision of a repository into the current folder.
#   url branch revision depth mode submodules found
# Without a branch it is the repository's HEAD, without a revision the branch's newest; a depth of 0
# is all history; the commit's name is left in the file "found".
#
# One ref of our own, refs/ahjo/head, takes whatever is fetched: branches that were renamed from a
# to a/b, deleted or rewritten can't get in each other's way.
url=$1 branch=$2 revision=$3 depth=$4 mode=$5 submodules=$6 found=$7

g() { git -c gc.autoDetach=false -c advice.detachedHead=false -c init.defaultBranch=none "$@"; }

have() { g cat-file -e "$1^{commit}" 2>/dev/null; }

prepare() {
  # a git that was killed leaves locks; nobody else works in this folder
  # (submodules have theirs below .git/modules)
  [ ! -d .git ] || find .git -name '*.lock' -type f -exec rm -f {} +
  if ! [ -d .git ] || ! g rev-parse --git-dir >/dev/null 2>&1; then
    rm -rf .git
    g init -q . || exit 1
  fi
  g config remote.origin.url "$url" || exit 1
}

fetch() {
  if [ "$depth" -gt 0 ]; then
    g fetch --force --no-tags --depth "$depth" origin "$1"
  elif [ -f .git/shallow ]; then
    g fetch --force --tags --unshallow origin "$1"
  else
    g fetch --force --tags origin "$1"
  fi
}

case $branch in
  '') ref=HEAD ;;
  refs/*) ref=$branch ;;
  *) ref=refs/heads/$branch ;;
esac

fetch_branch() {
  echo "Fetching ${branch:-HEAD}"
  fetch "+$ref:refs/ahjo/head" && return 0
  if g ls-remote --exit-code origin "$ref" >/dev/null 2>&1; then
    echo "The repository is well and has ${branch:-HEAD}: starting anew from it"
    rm -rf .git
    prepare
    fetch "+$ref:refs/ahjo/head"
  elif g ls-remote --exit-code origin "refs/tags/$branch" >/dev/null 2>&1; then
    fetch "+refs/tags/$branch:refs/ahjo/head"
  else
    return 1
  fi
}

fetch_revision() {
  have "$revision" && return 0
  echo "Looking for $revision beyond ${branch:-HEAD}"
  fetch "+$revision:refs/ahjo/head" 2>/dev/null && have "$revision" && return 0
  depth=0
  fetch "+refs/heads/*:refs/ahjo/heads/*" && have "$revision"
}

bring() {
  if fetch_branch; then
    target=refs/ahjo/head
  elif [ -n "$revision" ]; then
    echo "Could not fetch ${branch:-HEAD}: going on for $revision alone"
  else
    return 1
  fi
  if [ -n "$revision" ]; then
    if ! fetch_revision; then
      echo "The revision $revision was not found in the repository" >&2
      return 1
    fi
    target=$revision
  fi
}

clean() {
  [ "$mode" != clean ] || g clean -ffdxq
}

[ "$mode" != clobber ] || find . -mindepth 1 -maxdepth 1 -exec rm -rf {} + || exit 1
prepare
bring || exit 1
clean
if ! g checkout -q --force --detach "$target"; then
  echo "Could not check out over what is here: starting anew"
  find . -mindepth 1 -maxdepth 1 -exec rm -rf {} + || exit 1
  prepare
  bring || exit 1
  g checkout -q --force --detach "$target" || exit 1
fi
clean || exit 1
if [ "$submodules" = true ] && [ -f .gitmodules ]; then
  g submodule -q sync --recursive || exit 1
  if [ "$depth" -gt 0 ]; then
    g submodule update --init --recursive --force --depth "$depth" || exit 1
  else
    g submodule update --init --recursive --force || exit 1
  fi
  [ "$mode" != clean ] || g submodule -q foreach --recursive 'git clean -ffdxq' || exit 1
fi
g rev-parse HEAD >"$found" || exit 1
g log -1 --format='At %H %s'
