#pragma once
// What is in an instanced service: the directory of a service that runs an s6-svscan of its own.
//
//   template/         a service directory of which each instance gets a copy
//   instances/NAME/   the copies
//   instance/         the scan directory: a link NAME to each copy that is to be supervised
//
// Pure.
#include <string_view>

#include "common/service_dir.hpp"
#include "common/text.hpp"

namespace s6::instance {

inline constexpr const char* scan_directory = "instance";
inline constexpr const char* copies = "instances";
inline constexpr const char* model = "template";

// As long as an s6-svscan accepts, if it is not told otherwise. What has a slash in it would be somewhere else, and
// s6-instance-list prints a name a line.
constexpr bool is_instance_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 251 && name[0] != '.' && name.find('/') == std::string_view::npos &&
         name.find('\n') == std::string_view::npos;
}

struct Paths {
  Paths(const char* service, std::string_view name) noexcept
      : scan(service_dir::below(service, scan_directory)),
        all_copies(service_dir::below(service, copies)),
        model(service_dir::below(service, instance::model)),
        copy(service_dir::below(all_copies.c_str(), name)),
        link(service_dir::below(scan.c_str(), name)),
        target{"../", copies, "/", name} {}
  // If not, the service's path is too long.
  [[nodiscard]] bool ok() const noexcept {
    return scan.ok() && all_copies.ok() && model.ok() && copy.ok() && link.ok();
  }

  PathBuffer scan;
  PathBuffer all_copies;
  PathBuffer model;
  PathBuffer copy;
  PathBuffer link;
  PathBuffer target;  // of the link, seen from where it is
};

}  // namespace s6::instance
