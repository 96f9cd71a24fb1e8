// SPDX-License-Identifier: BSD-2-Clause
//
// Machines with holes in memory, kernels and modules: stage 2 moves each byte to where it belongs.
#include "fuzz/input.hpp"
#include "fuzz/require.hpp"
#include "support/moves.hpp"

namespace {

class NumbersOf final : public baton::test::Numbers {
  public:
    explicit NumbersOf(baton::fuzz::Input& input) : input_(input) {}
    uint64_t below(uint64_t limit) override { return input_.take<uint32_t>() % limit; }

  private:
    baton::fuzz::Input& input_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    static baton::test::Moves moves;
    baton::fuzz::Input input(data, size);
    NumbersOf numbers(input);
    const auto outcome = moves.run(numbers);
    baton::fuzz::require(outcome.broken.empty(), outcome.broken.c_str());
    if (outcome.error)
        baton::fuzz::require(*outcome.error < baton::ErrorCode::count,
                             "an error is one of the named ones");
    return 0;
}
