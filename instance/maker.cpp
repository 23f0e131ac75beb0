// s6-instance-maker TEMPLATE DIR: makes a service directory, or source directories for s6-rc, for a service of which
// there can be any number of instances. A failure leaves nothing.
#include <errno.h>
#include <fcntl.h>

#include <array>

#include "common/cli.hpp"
#include "common/program_path.hpp"
#include "common/service_dir.hpp"
#include "common/sys.hpp"
#include "common/usage.hpp"
#include "instance/maker_options.hpp"
#include "instance/names.hpp"
#include "instance/tree.hpp"
#include "svscan/linking.hpp"

using namespace s6;
using namespace s6::instance;

namespace {

struct Order {
  MakerSettings settings;
  std::optional<RcNames> rc;
  const char* model = nullptr;
  const char* directory = nullptr;
};

Order parse_or_die(std::span<const char* const> words) noexcept {
  Order order;
  const auto parsed = options::parse(maker_options, order.settings, words);
  const auto usage = options::usage("s6-instance-maker", maker_options, "template dir");
  if (parsed.problem != options::Problem::none) cli::answer_or_refuse(usage, parsed, "0 made");
  if (parsed.operands.size() < 2) cli::die_usage(usage, "a template and the directory to make are needed");
  order.model = parsed.operands[0];
  order.directory = parsed.operands[1];
  if (*order.model == '\0' || *order.directory == '\0') cli::die_usage(usage, "empty name of a directory");
  if (order.settings.rc == nullptr) return order;
  order.rc = parse_rc_names(order.settings.rc);
  if (!order.rc)
    cli::die_usage(usage, "option -r wants one to three different names with slashes between, none with a dot first");
  const bool has_directory = order.settings.log_directory != nullptr;
  if (has_directory != !order.rc->logger.empty())
    cli::die_usage(usage, "the name of a logger (-r) and a directory for its log (-L) belong together");
  return order;
}

// What is made here, to be removed if something fails.
class Maker {
 public:
  explicit Maker(const char* root) noexcept : root_(root) {}

  void directory(const PathBuffer& path) noexcept {
    const auto made = sys::mkdir(path.c_str(), 0755);
    if (!made) fail(made.error());
    is_made_ = true;
  }
  void file(const PathBuffer& directory, std::string_view name, std::initializer_list<std::string_view> text,
            mode_t mode = 0644) noexcept {
    const PathBuffer path = service_dir::below(directory.c_str(), name);
    const auto file = sys::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL, mode);
    if (!file) fail(file.error());
    for (const std::string_view part : text)
      if (auto written = sys::write_all(file->get(), std::as_bytes(std::span(part.data(), part.size()))); !written)
        fail({written.error().code, "write", path.c_str()});
  }
  void copy(const char* from, const PathBuffer& to) noexcept {
    Tree tree;
    if (auto copied = tree.copy(from, to.c_str()); !copied) fail(copied.error());
  }
  [[noreturn]] void fail(const Error& error) noexcept {
    cli::say(cli::Level::fatal, error, error.code == EEXIST ? "remove it, or make another one" : "");
    Tree tree;
    if (is_made_) (void)tree.remove(root_);
    cli::exit(cli::system_error);
  }

 private:
  const char* root_;
  bool is_made_ = false;
};

// A script that is too long can only come from paths that are.
Script run_script_or_die(const MakerSettings& settings, const Programs& programs) noexcept {
  Script script;
  if (!append_run_script(script, settings, programs)) cli::die(cli::usage_error, {"option -u: the value is too long"});
  return script;
}
Script log_script_or_die(const MakerSettings& settings, const Programs& programs) noexcept {
  Script script;
  if (!append_log_script(script, settings, programs))
    cli::die(cli::usage_error, {"options -l, -L and -P: the values are too long"});
  return script;
}

void make_service(Maker& maker, const Order& order, const Script& run, const Script& log) noexcept {
  const PathBuffer directory{order.directory};
  maker.directory(directory);
  for (const char* const name : {scan_directory, copies}) maker.directory(service_dir::below(directory.c_str(), name));
  maker.file(directory, "notification-fd", {"3\n"});
  maker.file(directory, "run", {run}, 0755);
  maker.copy(order.model, service_dir::below(directory.c_str(), model));
  if (log.size() == 0) return;
  const PathBuffer logger = service_dir::below(directory.c_str(), "log");
  maker.directory(logger);
  maker.file(logger, "notification-fd", {"3\n"});
  maker.file(logger, "run", {log}, 0755);
}

void make_sources(Maker& maker, const Order& order, const RcNames& names, const Script& run,
                  const Script& log) noexcept {
  maker.directory(PathBuffer{order.directory});
  const PathBuffer service = service_dir::below(order.directory, names.service);
  maker.directory(service);
  maker.file(service, "type", {"longrun\n"});
  maker.file(service, "notification-fd", {"3\n"});
  maker.file(service, "run", {run}, 0755);
  maker.copy(order.model, service_dir::below(service.c_str(), model));
  if (names.logger.empty()) return;
  maker.file(service, "producer-for", {names.logger, "\n"});
  const PathBuffer logger = service_dir::below(order.directory, names.logger);
  maker.directory(logger);
  maker.file(logger, "type", {"longrun\n"});
  maker.file(logger, "notification-fd", {"3\n"});
  maker.file(logger, "run", {log}, 0755);
  maker.file(logger, "consumer-for", {names.service, "\n"});
  if (!names.pipeline.empty()) maker.file(logger, "pipeline-name", {names.pipeline, "\n"});
}

}  // namespace

int main(int argc, char** argv) {
  cli::set_program("s6-instance-maker");
  const Order order = parse_or_die(options::words_of(argc, argv));
  std::array<ProgramPath::Text, 3> texts;
  const ProgramPath s6_svscan("s6-svscan", texts[0]);
  const ProgramPath s6_log("s6-log", texts[1]);
  const ProgramPath s6_setuidgid("s6-setuidgid", texts[2]);
  const Programs programs{s6_svscan.for_script(), s6_log.for_script(), s6_setuidgid.for_script()};
  const Script run = run_script_or_die(order.settings, programs);
  const Script log = order.settings.log_directory != nullptr ? log_script_or_die(order.settings, programs) : Script();
  svscan::Pair pair;
  svscan::look_at_service_or_die(order.model, pair);

  Maker maker(order.directory);
  if (order.rc)
    make_sources(maker, order, *order.rc, run, log);
  else
    make_service(maker, order, run, log);
  return cli::ok;
}
