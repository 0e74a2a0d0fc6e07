{ Files, time and a thread: what ordinary programs of Pascal do. }
program main;
uses cthreads, sysutils;
var
  f: text;
  line: string;
begin
  assign(f, 'pas.txt');
  rewrite(f);
  writeln(f, 'text');
  close(f);
  reset(f);
  readln(f, line);
  close(f);
  erase(f);
  if (line <> 'text') or (length(DateTimeToStr(now)) = 0) then halt(1);
  sleep(1);
  writeln('ok');
end.
