/** Tier seven: gcc and g++ compile, and what they made runs. */
import { sameAsNative, sh } from '../../support/kernel/tiers.js'

sameAsNative([
  sh(
    'gcc compiles a program',
    'printf "#include <stdio.h>\\nint main(void){puts(\\"compiled\\");return 7;}\\n" > h.c; gcc -O1 -o h h.c && ./h; echo $?; rm h h.c',
  ),
  sh('gcc refuses a program', 'echo "int main( {" > h.c; gcc h.c 2>&1 | grep -c error; rm h.c'),
  sh(
    'g++ compiles a program with exceptions',
    'printf "#include <cstdio>\\n#include <vector>\\nint main(){std::vector<int> v{3,1};try{throw 3;}catch(int x){printf(\\"%%d\\\\n\\",x+(int)v.size());}}\\n" > h.cc; g++ -o h h.cc && ./h; echo $?; rm h h.cc',
  ),
])
