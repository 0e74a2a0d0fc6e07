// Threads, exceptions, directories and random numbers: what ordinary programs of C++ do.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <thread>
#include <vector>

int main() {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++)
    threads.emplace_back([] { std::this_thread::sleep_for(std::chrono::milliseconds(1)); });
  for (auto &thread : threads) thread.join();
  std::random_device random;
  random();
  std::ofstream("cpp.txt") << 1;
  int found = 0;
  for (auto &entry : std::filesystem::directory_iterator(".")) found += entry.path().filename() == "cpp.txt";
  std::filesystem::remove("cpp.txt");
  try {
    throw 1;
  } catch (int) {
    found++;
  }
  if (found != 2) return 1;
  std::cout << "ok" << std::endl;
}
