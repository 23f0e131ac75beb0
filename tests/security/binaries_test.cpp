// What the linker made of the programs: hardened, as CMakeLists.txt wants it.
#include <elf.h>

#include <cstring>

#include "tests/process/harness.hpp"

namespace s6::test {
namespace {
namespace fs = std::filesystem;

// A program file of this machine's kind.
class Program {
 public:
  explicit Program(const fs::path& path) : bytes_(read_file(path)), header_(at<Elf64_Ehdr>(0)) {
    REQUIRE(bytes_.starts_with(ELFMAG));
    REQUIRE(header_.e_ident[EI_CLASS] == ELFCLASS64);
    for (unsigned i = 0; i < header_.e_phnum; ++i)
      segments_.push_back(at<Elf64_Phdr>(header_.e_phoff + i * sizeof(Elf64_Phdr)));
    for (unsigned i = 0; i < header_.e_shnum; ++i)
      sections_.push_back(at<Elf64_Shdr>(header_.e_shoff + i * sizeof(Elf64_Shdr)));
  }
  [[nodiscard]] const std::vector<Elf64_Phdr>& segments() const { return segments_; }
  [[nodiscard]] const Elf64_Phdr* segment(Elf64_Word type) const {
    for (const Elf64_Phdr& each : segments_)
      if (each.p_type == type) return &each;
    return nullptr;
  }
  [[nodiscard]] bool is_dynamic() const { return segment(PT_INTERP) != nullptr; }
  [[nodiscard]] std::size_t relocations() const {
    std::size_t count = 0;
    for (const Elf64_Shdr& each : sections_)
      if (each.sh_type == SHT_RELA) count += each.sh_size / sizeof(Elf64_Rela);
    return count;
  }
  // All functions are found before the program starts, so that the table of them can be read-only.
  [[nodiscard]] bool binds_at_start() const {
    const Elf64_Phdr* const dynamic = segment(PT_DYNAMIC);
    if (dynamic == nullptr) return false;
    for (std::size_t offset = 0; offset < dynamic->p_filesz; offset += sizeof(Elf64_Dyn)) {
      const auto entry = at<Elf64_Dyn>(dynamic->p_offset + offset);
      if (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_BIND_NOW) != 0) return true;
    }
    return false;
  }
  // Of a symbol, as strings have it: it is used, or at least defined.
  [[nodiscard]] bool mentions(std::string_view symbol) const { return contains(bytes_, symbol); }

 private:
  template <class T>
  [[nodiscard]] T at(std::size_t offset) const {
    T value{};
    REQUIRE(offset + sizeof value <= bytes_.size());
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }
  std::string bytes_;
  Elf64_Ehdr header_;
  std::vector<Elf64_Phdr> segments_;
  std::vector<Elf64_Shdr> sections_;
};

std::vector<fs::path> all_programs() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(programs().clients))
    if (entry.path().filename().string().starts_with("s6-")) found.push_back(entry.path());
  return found;
}

TEST_SUITE_BEGIN("binaries");

TEST_CASE("no memory of a program can be both written and executed, nor its stack") {
  CHECK(all_programs().size() > 40);
  for (const fs::path& path : all_programs()) {
    CAPTURE(path);
    const Program program(path);
    for (const Elf64_Phdr& segment : program.segments()) CHECK((segment.p_flags & (PF_W | PF_X)) != (PF_W | PF_X));
    REQUIRE(program.segment(PT_GNU_STACK) != nullptr);
    CHECK((program.segment(PT_GNU_STACK)->p_flags & PF_X) == 0);
  }
}

TEST_CASE("what is relocated becomes read-only, or there is nothing to be relocated") {
  for (const fs::path& path : all_programs()) {
    CAPTURE(path);
    const Program program(path);
    const bool is_protected = program.segment(PT_GNU_RELRO) != nullptr;
    CHECK((program.relocations() == 0 || is_protected));
    if (program.is_dynamic()) CHECK(program.binds_at_start());
  }
}

TEST_CASE("programs that live long or read foreign bytes look after their stack") {
  for (const char* name : {"s6-supervise", "s6-svscan", "s6-log", "s6-svwait", "s6-svc", "s6-svstat"}) {
    CAPTURE(name);
    CHECK(Program(programs().clients / name).mentions("__stack_chk_fail"));
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace s6::test
