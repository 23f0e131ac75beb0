#include "tests/soak/tree.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "common/service_dir.hpp"
#include "harness.hpp"

namespace s6::soak {
namespace {
namespace fs = std::filesystem;

bool is_one(std::size_t number, std::size_t every) {
  return every != 0 && number % every == 0;
}

const volatile Record* make_record(const fs::path& path) {
  test::write_file(path, std::string(sizeof(Record), '\0'));
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  void* memory = mmap(nullptr, sizeof(Record), PROT_READ, MAP_SHARED, fd.get(), 0);
  REQUIRE(memory != MAP_FAILED);
  return static_cast<const volatile Record*>(memory);
}

void make_logger(const fs::path& dir) {
  fs::create_directory(dir);
  // Enough archives for all that comes before they are looked at.
  test::write_file(dir / "run", "#!/bin/sh\nexec " + test::client("s6-log") + " n100000 s20000 ./lines\n", 0755);
}

}  // namespace

Service::Service(fs::path dir, std::string name, const Shape& shape, std::size_t number, const fs::path& records)
    : logged(is_one(number, shape.logged_every)),
      notifies(is_one(number, shape.notified_every)),
      on_small_disk(is_one(number, shape.on_small_disk_every)),
      entry(std::move(name)),
      dir_(std::move(dir)) {
  fs::create_directory(dir_);
  fs::create_symlink(S6_SOAK_SERVICE, dir_ / "run");
  if (is_one(number, shape.finish_every)) fs::create_symlink(S6_SOAK_SERVICE, dir_ / "finish");
  if (notifies) test::write_file(dir_ / "notification-fd", "3\n");
  if (is_one(number, shape.stubborn_every)) {
    test::write_file(dir_ / "stubborn", "");
    test::write_file(dir_ / "timeout-kill", "300\n");
  }
  // What it tells must not fail when its disk is full.
  for (const char* file : {record_file, doubtful_file})
    fs::create_symlink(records / (std::to_string(number) + "." + file), dir_ / file);
  record_ = make_record(dir_ / record_file);
  if (logged) make_logger(log());
}

std::set<std::uint64_t> Service::doubtful() const {
  const std::string content = test::read_file(dir_ / doubtful_file);
  std::set<std::uint64_t> numbers;
  for (std::size_t at = 0; at + sizeof(std::uint64_t) <= content.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t number = 0;
    std::memcpy(&number, content.data() + at, sizeof number);
    numbers.insert(number);
  }
  return numbers;
}

SmallDisk::SmallDisk(fs::path place, std::size_t bytes) : path_(std::move(place)), bytes_(bytes) {
  fs::create_directory(path_);
  const std::string options = "mode=0755,size=" + std::to_string(bytes);
  REQUIRE(mount("small", path_.c_str(), "tmpfs", 0, options.c_str()) == 0);
}

void SmallDisk::fill() {
  const UniqueFd ballast(open((path_ / "ballast").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const std::vector<char> block(4096, 'b');
  for (std::size_t done = 0; done < bytes_; done += block.size())
    if (write(ballast.get(), block.data(), block.size()) < 0) break;
  full_ = true;
}

void SmallDisk::empty() {
  fs::remove(path_ / "ballast");
  full_ = false;
}

Tree::Tree(const test::Scene& scene, const Shape& shape)
    : scan(scene),
      // Room for what is logged between two looks; what is not used costs nothing until it is filled.
      disk(scene.path() / "small", (shape.on_small_disk_every == 0 ? 1 : 8 + shape.services / 8) << 20) {
  const fs::path records = scene.path() / "records", directories = scene.path() / "directories";
  fs::create_directory(records);
  fs::create_directory(directories);
  services.reserve(shape.services);
  for (std::size_t i = 0; i < shape.services; ++i) {
    const std::string name = "s" + std::to_string(i);
    const fs::path place = is_one(i, shape.on_small_disk_every) ? disk.path() : directories;
    services.emplace_back(place / name, name, shape, i, records);
    scan.link(place / name, name);
  }
}

bool send(const fs::path& dir, const std::string& bytes) {
  return service_dir::send_control(dir.c_str(), service_dir::supervise, bytes, {.deadline = 0}).outcome ==
         service_dir::Delivery::sent;
}

}  // namespace s6::soak
