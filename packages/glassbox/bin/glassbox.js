#!/usr/bin/env node
// The command's entry; kept apart from dist/ so that npm can link it before the first build.
import '../dist/cli/main.js'
