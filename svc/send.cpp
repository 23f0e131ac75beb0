#include "svc/send.hpp"

#include <errno.h>

#include "common/cli.hpp"
#include "common/remedy.hpp"

namespace s6::svc {
namespace {

int report(const char* directory, const service_dir::Delivered& delivered) noexcept {
  using service_dir::Delivery;
  const auto say = [directory](std::string_view what, std::string_view why, std::string_view remedy) {
    cli::warn({"unable to control ", directory, ": ", what, why, remedy.empty() ? "" : "; ", remedy});
  };
  switch (delivered.outcome) {
    case Delivery::sent: return Exit::delivered;
    case Delivery::not_listening:
      say("no supervisor is listening", "", service_dir::remedy_without_supervisor(directory));
      return Exit::not_listening;
    case Delivery::malformed:
      say("its supervise/control is not what a supervisor makes: ", cli::reason(delivered.code),
          "remove that, and restart its supervisor");
      return Exit::malformed;
    case Delivery::failed: break;
  }
  if (delivered.code == ETIMEDOUT) {
    say("timed out, its supervisor does not read its commands", "", "is it stopped?");
    return Exit::out_of_time;
  }
  say(cli::reason(delivered.code), "", service_dir::remedy(directory, service_dir::Use::command, delivered.code));
  return Exit::refused;
}

}  // namespace

int send_to_all(std::span<const char* const> directories, std::string_view commands,
                const service_dir::Patience& patience) noexcept {
  int code = Exit::delivered;
  for (const char* const directory : directories) {
    const auto delivered = service_dir::send_control(directory, service_dir::supervise, commands, patience);
    if (delivered.outcome == service_dir::Delivery::failed && delivered.code == EINTR) return Exit::refused;
    if (const int its = report(directory, delivered); its != Exit::delivered) code = its;
  }
  return code;
}

}  // namespace s6::svc
