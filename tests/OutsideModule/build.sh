#!/usr/bin/env bash
# Builds Outside.cs as somebody would who has a built kernel's tree, but works elsewhere: in a new folder, with a project of two imports.
# usage: build.sh ROOT CONFIGURATION OUT.ko
set -euo pipefail
root=$1 configuration=$2 output=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$(dirname "$0")/Outside.cs" "$folder/"
cat >"$folder/Outside.csproj" <<END
<Project Sdk="Microsoft.NET.Sdk">
  <Import Project="$root/tools/CSharpOS.Build/OutsideModule.props" />
  <Import Project="$root/tools/CSharpOS.Build/OutsideModule.targets" />
</Project>
END
MSBUILDDISABLENODEREUSE=1 dotnet build "$folder/Outside.csproj" -c "$configuration" -v q --nologo
cp "$folder"/bin/*/outside.ko "$output"
