// Threads, files, streams and the collector: what ordinary programs of Java do.
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

public class Main {
  public static void main(String[] args) throws Exception {
    Path file = Path.of("java.txt");
    Files.writeString(file, "text");
    if (!Files.readString(file).equals("text")) System.exit(1);
    Files.delete(file);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Thread thread = new Thread(() -> UUID.randomUUID());
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) thread.join();
    int size = IntStream.range(0, 100000).parallel().mapToObj(Integer::toString)
      .collect(Collectors.toList()).size();
    byte[][] large = new byte[20][];
    for (int i = 0; i < large.length; i++) large[i] = new byte[1 << 20];
    System.gc();
    if (size != 100000 || String.format("%tc", new Date()).isEmpty()) System.exit(2);
    System.out.println("ok");
  }
}
