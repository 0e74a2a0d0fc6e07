// The languages and tool chains of docs/languages.md. Each row is a small job as a course or a
// judge would give it: `files` are put into an empty directory, `command` is run there by sh, and
// `prints` must be in its output. `packages` are those of Debian that bring it.

const java = `import java.util.*;
public class Live { public static void main(String[] a) { Map<Integer,int[]> m = new HashMap<>(); long s = 0;
  for (int r = 0; r < 200; r++) { for (int i = 0; i < 2000; i++) m.put(i, new int[1000]); s += m.get(7).length; }
  System.out.println("ok " + s); } }
`
const leak = `#include <stdio.h>
#include <stdlib.h>
int main(void) { int *a = malloc(40); a[3] = 7; printf("%d\\n", a[3]); free(a); return 0; }
`

export const LANGUAGES = [
  {
    name: 'C (GCC)',
    packages: ['gcc', 'libc6-dev'],
    files: {
      'a.c':
        '#include <stdio.h>\n#include <math.h>\nint main(void) { printf("%.3f\\n", sqrt(2)); return 0; }\n',
    },
    command: 'gcc -O2 -Wall a.c -o a -lm && ./a',
    prints: '1.414',
  },
  {
    name: 'C++ (GCC)',
    packages: ['g++'],
    files: {
      'a.cc':
        '#include <cstdlib>\n#include <iostream>\n#include <string>\n#include <thread>\nint main() { std::string user = getenv("USER");\n  std::thread t([&] { std::cout << "hello " << user << std::endl; }); t.join(); }\n',
    },
    command: 'g++ -O2 -std=c++17 a.cc -o a -pthread && ./a',
    prints: 'hello box',
  },
  {
    name: 'C, AddressSanitizer and LeakSanitizer',
    packages: ['gcc'],
    files: { 'ok.c': leak },
    command: 'gcc -g -fsanitize=address,undefined ok.c -o ok && ./ok',
    prints: '7',
  },
  {
    name: 'C (Clang)',
    packages: ['clang'],
    files: { 'a.c': '#include <stdio.h>\nint main(void) { puts("clang"); return 0; }\n' },
    command: 'clang -O2 a.c -o a && ./a',
    prints: 'clang',
  },
  {
    name: 'C (tcc)',
    packages: ['tcc', 'libc6-dev'],
    files: { 'a.c': '#include <stdio.h>\nint main(void) { puts("tcc"); return 0; }\n' },
    command: 'tcc -run a.c',
    prints: 'tcc',
  },
  {
    name: 'make, CMake',
    packages: ['make', 'cmake', 'gcc'],
    files: {
      'CMakeLists.txt': 'cmake_minimum_required(VERSION 3.10)\nproject(a C)\nadd_executable(a a.c)\n',
      'a.c': '#include <stdio.h>\nint main(void) { puts("built"); return 0; }\n',
    },
    command: 'cmake -S . -B b > log && make -C b > log && ./b/a',
    prints: 'built',
  },
  {
    name: 'Assembler (NASM)',
    packages: ['nasm', 'binutils'],
    files: {
      'a.s':
        'global _start\nsection .data\nm: db "nasm",10\nsection .text\n_start: mov rax,1\nmov rdi,1\nmov rsi,m\nmov rdx,5\nsyscall\nmov rax,60\nxor rdi,rdi\nsyscall\n',
    },
    command: 'nasm -f elf64 a.s -o a.o && ld a.o -o a && ./a',
    prints: 'nasm',
  },
  {
    name: 'Fortran (GCC)',
    packages: ['gfortran'],
    files: {
      'a.f90': 'program a\n  real :: x(3) = [1., 2., 3.]\n  print *, "sum", int(sum(x))\nend program\n',
    },
    command: 'gfortran -O2 a.f90 -o a && ./a',
    prints: 'sum',
  },
  {
    name: 'Ada (GNAT)',
    packages: ['gnat'],
    files: { 'a.adb': 'with Ada.Text_IO;\nprocedure A is\nbegin\n  Ada.Text_IO.Put_Line ("ada");\nend A;\n' },
    command: 'gnatmake -q a.adb && ./a',
    prints: 'ada',
  },
  {
    name: 'COBOL (GnuCOBOL)',
    packages: ['gnucobol4'],
    files: {
      'a.cob':
        '       IDENTIFICATION DIVISION.\n       PROGRAM-ID. A.\n       PROCEDURE DIVISION.\n           DISPLAY "HI".\n           STOP RUN.\n',
    },
    command: 'cobc -x a.cob && ./a',
    prints: 'HI',
  },
  {
    name: 'D (LDC)',
    packages: ['ldc'],
    files: { 'a.d': 'import std.stdio;\nvoid main() { writeln("d"); }\n' },
    command: 'ldc2 a.d && ./a',
    prints: 'd',
  },
  {
    name: 'D (GDC)',
    packages: ['gdc'],
    files: { 'a.d': 'import std.stdio;\nvoid main() { writeln("gdc"); }\n' },
    command: 'gdc a.d -o a && ./a',
    prints: 'gdc',
  },
  {
    name: 'Pascal (Free Pascal)',
    packages: ['fp-compiler'],
    files: { 'a.pas': "program a;\nuses sysutils;\nbegin\n  writeln('pascal ', IntToStr(6*7));\nend.\n" },
    command: 'fpc -v0 a.pas > log && ./a',
    prints: 'pascal 42',
  },
  {
    name: 'Go',
    packages: ['golang-go'],
    files: {
      'a.go':
        'package main\nimport ("fmt"; "io"; "net"; "net/http")\nfunc main() {\n  l, _ := net.Listen("tcp", "127.0.0.1:0")\n  go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "go") }))\n  r, err := http.Get("http://" + l.Addr().String()); if err != nil { panic(err) }\n  b, _ := io.ReadAll(r.Body); fmt.Println(string(b))\n}\n',
    },
    command: 'GOFLAGS=-p=1 go build -o a a.go && ./a',
    prints: 'go',
  },
  {
    name: 'Go (one file)',
    packages: ['golang-go'],
    files: { 'a.go': 'package main\nfunc main() { println("go"); print(1, "\\n") }\n' },
    command: 'go build -o a a.go && ./a 2>&1',
    prints: 'go',
  },
  {
    name: 'Rust',
    packages: ['rustc'],
    files: { 'a.rs': 'fn main() { println!("{}", (1..=20u64).product::<u64>()); }\n' },
    command: 'rustc -O a.rs && ./a',
    prints: '2432902008176640000',
  },
  {
    name: 'Cargo',
    packages: ['cargo'],
    program: 'cargo',
    files: {
      'Cargo.toml': '[package]\nname = "a"\nversion = "0.1.0"\nedition = "2021"\n',
      'src/main.rs': 'fn main() { println!("cargo"); }\n',
    },
    command: 'cargo run --quiet --offline',
    prints: 'cargo',
  },
  {
    name: 'Nim',
    packages: ['nim', 'gcc'],
    files: { 'a.nim': 'echo "nim ", 6*7\n' },
    command: 'nim c --hints:off -r a.nim',
    prints: 'nim 42',
  },
  {
    name: 'Vala',
    packages: ['valac', 'gcc'],
    files: { 'a.vala': 'void main() { print("vala\\n"); }\n' },
    command: 'valac a.vala && ./a',
    prints: 'vala',
  },
  {
    name: 'Haskell (GHC)',
    packages: ['ghc'],
    files: {
      'a.hs':
        'import qualified Data.Map as M\nmain = print (M.foldr (+) 0 (M.fromList (zip [1..100] [1..100])))\n',
    },
    command: 'ghc -v0 -O a.hs && ./a',
    prints: '5050',
  },
  {
    name: 'OCaml',
    packages: ['ocaml'],
    files: { 'a.ml': 'let () = Printf.printf "ocaml %d\\n" (List.fold_left (+) 0 [1;2;3])\n' },
    command: 'ocamlopt -o a a.ml && ./a && ocaml a.ml',
    prints: 'ocaml 6',
  },
  {
    name: 'OCaml with packages (ocamlfind)',
    packages: ['ocaml', 'ocaml-findlib'],
    files: { 'a.ml': 'let () = Unix.(ignore (getpid ())); print_endline "unix"\n' },
    command: 'ocamlfind ocamlopt -package unix -linkpkg a.ml -o a && ./a',
    prints: 'unix',
  },
  {
    name: 'OCaml with dune',
    packages: ['ocaml-dune'],
    files: {
      'dune-project': '(lang dune 2.0)\n',
      dune: '(executable (name a))\n',
      'a.ml': 'print_endline "dune"\n',
    },
    command: 'dune build ./a.exe && ./_build/default/a.exe',
    prints: 'dune',
  },
  {
    name: 'Standard ML (Poly/ML)',
    packages: ['polyml', 'libpolyml-dev'],
    files: { 'a.ml': 'fun main () = print "poly\\n";\n' },
    command: 'polyc a.ml -o a && ./a',
    prints: 'poly',
  },
  {
    name: 'Java',
    packages: ['openjdk-17-jdk-headless'],
    files: { 'Live.java': java },
    command: 'javac Live.java && java -cp . Live',
    prints: 'ok 200000',
  },
  {
    name: 'Scala',
    packages: ['scala'],
    files: { 'A.scala': 'object A { def main(a: Array[String]): Unit = println((1 to 10).sum) }\n' },
    command: 'scalac A.scala && scala A',
    limits: { cpuTimeMs: 60_000 },
    why: 'its compiler takes 8 to 15 s of CPU',
    prints: '55',
  },
  {
    name: 'Groovy',
    packages: ['groovy'],
    files: { 'a.groovy': 'println((1..10).sum())\n' },
    command: 'groovy a.groovy',
    prints: '55',
  },
  {
    name: 'Maven',
    packages: ['maven'],
    files: {
      'pom.xml':
        '<project><modelVersion>4.0.0</modelVersion><groupId>g</groupId><artifactId>a</artifactId><version>1</version></project>\n',
    },
    command: 'mvn -q -o -version',
    prints: '.',
  },
  {
    name: 'C# (mono)',
    packages: ['mono-mcs', 'mono-runtime', 'libmono-system-core4.0-cil'],
    files: {
      'a.cs':
        'using System; using System.Linq;\nclass A { static void Main() { Console.WriteLine(Enumerable.Range(1, 1000).AsParallel().Sum()); } }\n',
    },
    command: 'mcs -r:System.Core.dll a.cs && mono a.exe',
    prints: '500500',
  },
  {
    name: 'Erlang',
    packages: ['erlang-base'],
    files: {
      'a.erl':
        '#!/usr/bin/env escript\nmain(_) -> io:format("erlang ~p~n", [lists:sum(lists:seq(1, 10))]).\n',
    },
    command: 'escript a.erl',
    prints: 'erlang 55',
  },
  {
    name: 'Elixir',
    packages: ['elixir'],
    files: { 'a.exs': 'IO.puts(Enum.sum(1..10))\n' },
    command: 'elixir a.exs',
    prints: '55',
  },
  {
    name: 'Python',
    packages: ['python3'],
    files: {
      'a.py':
        'from concurrent.futures import ProcessPoolExecutor\nfrom multiprocessing import shared_memory, Semaphore\ndef f(x): return x * x\nif __name__ == "__main__":\n    s = Semaphore(1); m = shared_memory.SharedMemory(create=True, size=16); m.close(); m.unlink()\n    with ProcessPoolExecutor(2) as p: print(sum(p.map(f, range(10))))\n',
    },
    command: '/usr/bin/python3 a.py',
    prints: '285',
  },
  {
    name: 'Python (venv)',
    packages: ['python3-venv'],
    files: {},
    command:
      '/usr/bin/python3 -m venv --without-pip v && v/bin/python -c "import sys; print(sys.prefix != sys.base_prefix)"',
    prints: 'True',
  },
  {
    name: 'Python (PyPy)',
    packages: ['pypy3'],
    files: { 'a.py': 'print(sum(i * i for i in range(10)))\n' },
    command: 'pypy3 a.py',
    prints: '285',
  },
  {
    name: 'Node.js',
    packages: ['nodejs'],
    files: {
      'a.mjs':
        'import { Worker, isMainThread, parentPort } from "node:worker_threads"\nif (isMainThread) new Worker(new URL(import.meta.url)).on("message", m => console.log(m))\nelse parentPort.postMessage("node")\n',
    },
    command: 'node a.mjs',
    prints: 'node',
  },
  {
    name: 'npm',
    packages: ['npm'],
    program: 'npm',
    files: {
      'package.json':
        '{ "name": "a", "version": "1.0.0", "scripts": { "test": "node -e \\"console.log(42)\\"" } }\n',
    },
    command: 'npm test --silent',
    prints: '42',
  },
  {
    name: 'Perl',
    packages: ['perl'],
    files: {
      'a.pl':
        'use strict; use warnings; use List::Util qw(sum); use POSIX; print "perl ", sum(1..10), "\\n";\n',
    },
    command: 'perl a.pl',
    prints: 'perl 55',
  },
  {
    name: 'Ruby',
    packages: ['ruby'],
    files: {
      'a.rb':
        'require "json"; require "etc"; puts JSON.dump([Etc.getlogin || Etc.getpwuid.name, (1..10).sum])\n',
    },
    command: 'ruby a.rb',
    prints: '55',
  },
  {
    name: 'PHP',
    packages: ['php-cli'],
    files: {
      'a.php':
        '<?php echo json_encode(["php" => array_sum(range(1, 10))]), "\\n"; echo count(token_get_all("<?php 1;")), "\\n";\n',
    },
    command: 'php a.php',
    prints: '{"php":55}',
  },
  {
    name: 'Lua',
    packages: ['lua5.4'],
    files: { 'a.lua': 'print("lua", 6 * 7)\n' },
    command: 'lua a.lua || lua5.4 a.lua',
    prints: 'lua',
  },
  {
    name: 'LuaJIT',
    packages: ['luajit'],
    files: { 'a.lua': 'print(jit.version ~= nil, 6 * 7)\n' },
    command: 'luajit a.lua',
    prints: 'true',
  },
  {
    name: 'Tcl',
    packages: ['tcl'],
    files: { 'a.tcl': 'puts "tcl [expr 6*7]"\n' },
    command: 'tclsh a.tcl',
    prints: 'tcl 42',
  },
  {
    name: 'R',
    packages: ['r-base-core'],
    files: {
      'a.R':
        'x <- 1:10; y <- 2 * x + 1; print(round(unname(coef(lm(y ~ x))), 3))\nlibrary(parallel); print(sum(unlist(mclapply(1:4, function(i) i, mc.cores = 2))))\npdf("a.pdf"); plot(x, y); invisible(dev.off())\n',
    },
    command: 'Rscript a.R && test -s a.pdf',
    prints: '[1] 10',
  },
  {
    name: 'Common Lisp (SBCL)',
    packages: ['sbcl'],
    files: { 'a.lisp': '(format t "sbcl ~a~%" (* 6 7))\n' },
    command: 'sbcl --script a.lisp',
    prints: 'sbcl 42',
  },
  {
    name: 'Common Lisp (CLISP)',
    packages: ['clisp'],
    files: { 'a.lisp': '(format t "clisp ~a~%" (* 6 7))\n' },
    command: 'clisp a.lisp',
    prints: 'clisp 42',
  },
  {
    name: 'Scheme (Guile)',
    packages: ['guile-3.0'],
    files: { 'a.scm': '(display (* 6 7)) (newline)\n' },
    command: 'guile --no-auto-compile a.scm',
    prints: '42',
  },
  {
    name: 'Scheme (Chez)',
    packages: ['chezscheme'],
    files: { 'a.ss': '(display (* 6 7)) (newline)\n' },
    command: 'scheme --script a.ss || chezscheme --script a.ss',
    prints: '42',
  },
  {
    name: 'Racket',
    packages: ['racket'],
    files: {},
    command: "echo '3 4' | racket -e '(displayln (+ (read) (read)))'",
    prints: '7',
  },
  {
    name: 'Prolog (SWI)',
    packages: ['swi-prolog-nox'],
    files: { 'a.pl': ':- initialization(main).\nmain :- X is 6 * 7, writeln(X), halt.\n' },
    command: 'swipl a.pl',
    prints: '42',
  },
  {
    name: 'Prolog (GNU)',
    packages: ['gprolog'],
    files: { 'a.pl': ':- initialization(main).\nmain :- X is 6 * 7, write(X), nl, halt.\n' },
    command: 'gplc --no-top-level a.pl -o a && ./a',
    prints: '42',
  },
  {
    name: 'Forth (Gforth)',
    packages: ['gforth'],
    files: { 'a.fs': '6 7 * . cr bye\n' },
    command: 'gforth a.fs',
    prints: '42',
  },
  {
    name: 'PicoLisp',
    packages: ['picolisp'],
    files: { 'a.l': '(prinl (* 6 7)) (bye)\n' },
    command: 'picolisp a.l',
    prints: '42',
  },
  {
    name: 'newLISP',
    packages: ['newlisp'],
    files: { 'a.lsp': '(println (* 6 7)) (exit)\n' },
    command: 'newlisp a.lsp',
    prints: '42',
  },
  {
    name: 'Algol 68',
    packages: ['algol68g'],
    files: { 'a.a68': 'print((6 * 7, new line))\n' },
    command: 'a68g a.a68',
    prints: '42',
  },
  {
    name: 'Bash',
    packages: ['bash'],
    files: { 'a.sh': 'declare -A m=([a]=1); read -r x < <(echo 42); echo "bash $x ${m[a]}"\n' },
    command: 'bash a.sh',
    prints: 'bash 42 1',
  },
  {
    name: 'Awk (gawk)',
    packages: ['gawk'],
    files: {},
    command: "gawk 'BEGIN { print 6 * 7 }'",
    prints: '42',
  },
  {
    name: 'bc, m4',
    packages: ['bc', 'm4'],
    files: {},
    command: "echo '6*7' | bc; echo 'eval(6*7)' | m4",
    prints: '42',
  },
  {
    name: 'SQLite',
    packages: ['sqlite3'],
    files: {},
    command: "sqlite3 a.db 'create table t(x); insert into t values(42); select x from t'",
    prints: '42',
  },
  {
    name: 'PostgreSQL',
    packages: ['postgresql'],
    files: {},
    command:
      'B=$(ls -d /usr/lib/postgresql/*/bin | tail -1); $B/initdb -D d > log && $B/pg_ctl -D d -o "-k /tmp" -w -l pglog start > log && psql -h /tmp -d postgres -Atc "select 6*7"; $B/pg_ctl -D d -m fast -w stop > log',
    notAsRoot: true,
    prints: '42',
  },
  {
    name: 'TeX (pdflatex)',
    packages: ['texlive-latex-base'],
    files: { 'd.tex': '\\documentclass{article}\\begin{document}Hi $x^2$\\end{document}\n' },
    command: 'pdflatex -interaction=nonstopmode d.tex > log && test -s d.pdf && echo pdf',
    prints: 'pdf',
  },
  {
    name: 'ImageMagick, fontconfig',
    packages: ['imagemagick', 'fontconfig'],
    files: {},
    command: '/usr/bin/convert -list policy | grep -c Policy: ; fc-match sans-serif > fonts && echo fonts',
    prints: 'fonts',
  },
  {
    name: 'Open MPI',
    packages: ['openmpi-bin', 'libopenmpi-dev'],
    files: {
      'a.c':
        '#include <mpi.h>\n#include <stdio.h>\n#include <stdlib.h>\nint main(int c, char **v) { int r, n = 1 << 20; char *b = calloc(4, n); MPI_Init(&c, &v); MPI_Comm_rank(MPI_COMM_WORLD, &r);\n  if (r == 0) { b[5] = 9; MPI_Send(b, 4 * n, MPI_CHAR, 1, 0, MPI_COMM_WORLD); } else { MPI_Recv(b, 4 * n, MPI_CHAR, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE); printf("mpi %d\\n", b[5]); }\n  MPI_Finalize(); return 0; }\n',
    },
    command: 'mpicc a.c -o a && mpirun --oversubscribe --allow-run-as-root -np 2 ./a',
    prints: 'mpi 9',
  },
  {
    name: 'GDB',
    packages: ['gdb', 'gcc'],
    files: { 'a.c': '#include <stdio.h>\nint main(void) { puts("run"); return 0; }\n' },
    command:
      'gcc -g a.c -o a && gdb -batch -ex "break main" -ex run -ex "info frame" -ex continue ./a | grep -c "main"',
    prints: '',
  },
  {
    name: 'setarch -R',
    packages: ['util-linux'],
    files: {},
    command: 'setarch -R cat /proc/self/personality',
    prints: '00040000',
  },
  {
    name: 'Git',
    packages: ['git'],
    files: {},
    command:
      'git init -q r && cd r && echo x > a && git add a && git -c user.email=a@b -c user.name=n commit -qm m && git log --format=%s && git status --short',
    prints: 'm',
  },
  {
    name: 'expect, script (a terminal)',
    packages: ['expect', 'bsdutils'],
    files: {},
    command: `expect -c 'spawn sh -c "echo hi"; expect hi; expect eof'`,
    prints: 'hi',
  },
]
