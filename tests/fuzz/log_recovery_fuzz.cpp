// s6-log's start on a log directory in any state that a crash, or somebody, may have left: which files there are, whole
// or cut, complete or not, with a second name in the archive. Then it logs on, rotates and closes. A slow account says
// which lines must be there in the end, each once, and which archives had to go.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "log/log_directory.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/scratch.hpp"

using namespace s6;

namespace {

namespace fs = std::filesystem;

struct File {
  std::string content;
  bool complete = false;
};
using Files = std::map<std::string, File>;

bool is_archive_slowly(const std::string& name) {
  if (name.size() != 27 || name[0] != '@' || name[25] != '.' || (name[26] != 's' && name[26] != 'u')) return false;
  return name.find_first_not_of("0123456789abcdefABCDEF", 1) == 25;
}

// What may lie in a log directory. An archive's name is as old as its number is small; all are in the past.
std::string name_of(std::uint8_t kind, std::uint8_t number) {
  switch (kind % 8) {
    case 0: return "current";
    case 1: return "previous";
    case 2: return "processed";
    case 3: return "state";
    case 4: return "newstate";
    case 5: return "notes" + std::to_string(number);
    default:
      constexpr const char* endings[] = {".s", ".u", ".x", ""};
      const std::string digits = std::to_string(number % 32);
      return "@4000000" + std::string(17 - digits.size(), '0') + digits + endings[number / 32 % 4];
  }
}

void write(const std::string& directory, const std::string& name, const File& file) {
  const int fd = open((directory + "/" + name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  fuzz::check(fd >= 0);
  fuzz::check(::write(fd, file.content.data(), file.content.size()) == static_cast<ssize_t>(file.content.size()));
  fuzz::check(fchmod(fd, file.complete ? 0744 : 0644) == 0);
  close(fd);
}

Files read_all(const std::string& directory) {
  Files files;
  for (const auto& entry : fs::directory_iterator(directory)) {
    const int fd = open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    struct stat st {};
    fuzz::check(fd >= 0 && fstat(fd, &st) == 0);
    std::string content(static_cast<std::size_t>(st.st_size), '\0');
    fuzz::check(read(fd, content.data(), content.size()) == st.st_size);
    close(fd);
    files[entry.path().filename()] = {content, (st.st_mode & S_IXUSR) != 0};
  }
  return files;
}

std::size_t count_archives(const Files& files) {
  return static_cast<std::size_t>(
      std::ranges::count_if(files, [](const auto& file) { return is_archive_slowly(file.first); }));
}

// The texts that are to be found, one after the other, when all is done: archives, then what a rotation or a crash
// left, then what is current.
struct Account {
  std::vector<std::string> leftovers;  // that become archives when the logger starts,
  std::vector<std::string> later;      // or when it rotates for the first time
  std::string current;                 // that it goes on with
};

void add_text(std::vector<std::string>& texts, const Files& files, const char* name, const std::string& has_archive) {
  if (const auto file = files.find(name); file != files.end() && !file->second.content.empty() && name != has_archive)
    texts.push_back(file->second.content);
}

Account account_for(const Files& files, const std::string& has_archive) {
  Account account;
  const auto is_complete = [&files](const char* name) { return files.contains(name) && files.at(name).complete; };
  const bool goes_on = is_complete("current");
  add_text(goes_on ? account.later : account.leftovers, files, is_complete("processed") ? "processed" : "previous",
           has_archive);
  if (goes_on)
    account.current = files.at("current").content;
  else
    add_text(account.leftovers, files, "current", has_archive);
  return account;
}

// All that has been archived since, in the order of the names, as one text for each.
std::vector<std::string> new_archives(const Files& before, const Files& after) {
  std::vector<std::string> texts;
  for (const auto& [name, file] : after)
    if (is_archive_slowly(name) && !before.contains(name)) texts.push_back(file.content);
  return texts;
}

void check_kept(const Files& before, const Files& after, std::size_t quota) {
  // Of the old archives the newest are left, and nothing else has gone but what the account is about.
  std::size_t old_archives = 0, kept = 0;
  bool seen_kept = false;
  for (const auto& [name, file] : before) {
    if (is_archive_slowly(name)) {
      ++old_archives;
      const bool is_kept = after.contains(name);
      fuzz::check(is_kept || !seen_kept);
      seen_kept = seen_kept || is_kept;
      kept += is_kept;
      if (is_kept) fuzz::check(after.at(name).content == file.content);
    } else if (name_of(5, 0).compare(0, 5, name, 0, 5) == 0 || name[0] == '@') {
      fuzz::check(after.contains(name) && after.at(name).content == file.content);
    }
  }
  const std::size_t made = count_archives(after) - kept;
  if (made > 0) fuzz::check(count_archives(after) <= quota);
  if (count_archives(after) < quota) fuzz::check(kept == old_archives);
}

// A logger's whole life, with its memory given back at its end.
class Logger {
 public:
  Logger(const std::string& path, std::size_t quota) {
    fuzz::check(static_cast<bool>(
        directory_.open({.path = path.c_str(), .quota = {.archives = quota}, .size = {4096, 0}}, 0644)));
    directory_.prepare_or_die(now_);
  }
  ~Logger() {
    const auto memory = directory_.queue().memory();
    munmap(memory.data(), memory.size());
  }
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  void log(std::string_view lines) { directory_.take(lines); }
  void rotate() {
    directory_.ask_for_rotation();
    directory_.advance(++now_);
    fuzz::check(directory_.is_at_rest());
  }
  void close() { fuzz::check(directory_.close(++now_)); }

 private:
  log::LogDirectory directory_;
  Nanoseconds now_ = 1'000'000'000;
};

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  fuzz::silence(argc, argv);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Scratch scratch;
  scratch.empty();
  const std::string& path = scratch.path();
  fuzz::Input input(data, size);
  const auto order = input.number<std::uint8_t>();
  // Large enough for all, or so small that something has to go.
  const std::size_t quota = (order & 1) != 0 ? 1000 : 3 + order / 16;
  Files before;
  for (auto count = input.number<std::uint8_t>() % 12; count > 0; --count) {
    const auto kind = input.number<std::uint8_t>();
    const std::string name = name_of(kind, input.number<std::uint8_t>());
    const auto lines = input.number<std::uint8_t>();
    File file{.content = "", .complete = (kind & 0x80) != 0};
    for (int line = 0; line < lines % 8; ++line) file.content += name + " line " + std::to_string(line) + "\n";
    if ((lines & 0x40) != 0 && !file.content.empty()) file.content.pop_back();
    write(path, name, file);
    before[name] = file;
  }
  // A crash between the two steps of archiving: this one has its archive's name already.
  constexpr const char* with_two_names[] = {"", "previous", "processed", "current"};
  std::string has_archive = with_two_names[order / 2 % 4];
  constexpr const char* archived = "@400000000000000000000099.s";
  if (!before.contains(has_archive)) has_archive = "";
  if (has_archive == "current" && before.at("current").complete) has_archive = "";  // never archived, but gone on with
  if (!has_archive.empty()) {
    fuzz::check(link((path + "/" + has_archive).c_str(), (path + "/" + archived).c_str()) == 0);
    before[archived] = before[has_archive];
  }

  Account account = account_for(before, has_archive);
  {
    Logger logger(path, quota);
    const Files recovered = read_all(path);
    fuzz::check(recovered.at("current").content == account.current && !recovered.at("current").complete);
    if (quota == 1000) fuzz::check(new_archives(before, recovered) == account.leftovers);
    check_kept(before, recovered, quota);
    logger.log("one\n");
    account.current += "one\n";
    if ((order & 8) != 0) {
      logger.rotate();
      account.leftovers.insert(account.leftovers.end(), account.later.begin(), account.later.end());
      account.leftovers.push_back(std::exchange(account.current, ""));
    }
    logger.log("two\n");
    account.current += "two\n";
    logger.close();
  }
  const Files after = read_all(path);
  fuzz::check(after.at("current").complete && after.at("current").content == account.current);
  if (quota == 1000) fuzz::check(new_archives(before, after) == account.leftovers);
  check_kept(before, after, quota);
  for (const auto& [name, file] : after) fuzz::check(log::is_archive(name) == is_archive_slowly(name));
  // Another logger that finds it closed in order goes on with it.
  Logger next(path, quota);
  fuzz::check(read_all(path).at("current").content == account.current);
  return 0;
}
