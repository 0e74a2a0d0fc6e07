#!/usr/bin/env node
// The command `glassbox-isolate`, which takes the place of `isolate`: `glassbox isolate` under a
// name that callers of isolate can be pointed at, whatever link leads to it.
'use strict'
require('./glassbox.js')
