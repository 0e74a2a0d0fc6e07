# Pipes, files and the tools of every system: what ordinary scripts do. Prints "ok".
set -e
test "$(for i in 1 2 3; do echo $i; done | sort -r | head -n 1)" = 3
test "$(echo abc | sed s/b/x/ | tr a-c A-C | cut -c 1-2)" = Ax
cat > sh.txt <<END
hello
END
grep -c h sh.txt > /dev/null
cp sh.txt two.txt
mv two.txt three.txt
cmp sh.txt three.txt
mkdir -p a/b
touch a/b/c
find a -name c | xargs cat
tar cf a.tar a
gzip a.tar
rm -r a a.tar.gz
ln -s sh.txt link
test "$(readlink link)" = sh.txt
chmod 600 sh.txt
rm link sh.txt three.txt
ls -la . > /dev/null
id -u > /dev/null
date > /dev/null
(exit 0) &
wait
dd if=/dev/zero of=zero bs=1k count=1 2> /dev/null
md5sum zero > /dev/null
rm zero
mkfifo pipe
rm pipe
timeout 1 nice true
echo ok
