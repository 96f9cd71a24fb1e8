// SPDX-License-Identifier: BSD-2-Clause
//
// The picture: virtual addresses to the left, physical ones to the right, high addresses at the
// top. Boxes grow with the logarithm of what they stand for: a page and a gigabyte are both to be
// seen.
#include "core/address.hpp"
#include "tools/baton/plan_report.hpp"
#include "tools/baton/text.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <ranges>

namespace baton::tool {
namespace {

constexpr int kWidth = 1240;
constexpr int kTop = 96;
constexpr int kBoxWidth = 300;
constexpr int kLeft = 190;  // of the virtual boxes; their addresses are before it
constexpr int kRight = 740; // of the physical boxes; their addresses come after them
constexpr int kGapHeight = 24;
constexpr int kGuardHeight = 20;
constexpr int kBoxHeight = 32; // of a page
constexpr int kDoublingHeight = 2;

struct Box {
    uint64_t base = 0;
    uint64_t bytes = 0;
    std::string name{};
    std::string fill{};
    std::string access{};  // of virtual addresses
    uint64_t physical = 0; // of virtual addresses
    int y = 0;
    int height = 0;

    uint64_t last() const { return base + (bytes - 1); }
    /// Where an offset from the base is.
    double at(uint64_t offset) const {
        return y + height * (1 - static_cast<double>(offset) / static_cast<double>(bytes));
    }
};

std::string number(double value) {
    return std::to_string(std::lround(value));
}

std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        switch (c) {
        case '<':
            result += "&lt;";
            break;
        case '&':
            result += "&amp;";
            break;
        default:
            result += c;
        }
    }
    return result;
}

struct Colour {
    std::string_view name, fill;
};
constexpr Colour kAccess[] = {{"r--", "#c9ced6"},
                              {"rw-", "#a9c8ef"},
                              {"r-x", "#a8dcb5"},
                              {"rwx", "#f0a8a0"},
                              {"---", "#f4dada"}};
constexpr Colour kTypes[] = {{"usable", "#f3f6ea"},
                             {"kernel and modules", "#a8dcb5"},
                             {"loader, reclaimable", "#fbe3b0"},
                             {"framebuffer", "#d9c6ef"},
                             {"ACPI, reclaimable", "#d5e3e8"},
                             {"ACPI NVS", "#c3d3da"}};
constexpr std::string_view kOther = "#dddddd";

std::string fill_of(std::span<const Colour> colours, std::string_view name) {
    const auto found = std::ranges::find(colours, name, &Colour::name);
    return std::string(found == colours.end() ? kOther : found->fill);
}

int height_of(uint64_t bytes) {
    return kBoxHeight + kDoublingHeight * std::max(0, static_cast<int>(std::bit_width(bytes)) - 13);
}

/// Whether nothing is between two neighbours. Memory is mapped by whole pages.
bool touch(const Box& lower, const Box& upper) {
    return align_down(lower.last(), kPageBytes) + kPageBytes >= align_down(upper.base, kPageBytes);
}

/// Puts boxes, sorted by address, below each other, the highest one first. Returns the lower end.
int stack_up(std::vector<Box>& boxes) {
    int y = kTop;
    for (std::size_t i = boxes.size(); i-- > 0;) {
        boxes[i].y = y;
        boxes[i].height = boxes[i].access == "---" ? kGuardHeight : height_of(boxes[i].bytes);
        y += boxes[i].height;
        if (i != 0 && !touch(boxes[i - 1], boxes[i]))
            y += kGapHeight;
    }
    return y;
}

/// Of what is between two neighbours; empty where half of it is no address at all.
std::string gap_size(const Box& lower, const Box& upper) {
    const uint64_t bytes = upper.base - lower.last() - 1;
    return bytes > uint64_t{1} << 57 ? "" : ", " + size_text(bytes);
}

std::vector<Box> virtual_boxes(const PlanReport& report) {
    std::vector<Box> boxes;
    boxes.reserve(report.parts.size());
    for (const VirtualPart& part : report.parts)
        boxes.push_back({.base = part.base,
                         .bytes = part.bytes,
                         .name = part.what,
                         .fill = fill_of(kAccess, part.access),
                         .access = part.access,
                         .physical = part.physical});
    return boxes;
}

/// Neighbours of one type are one box, which names the first few things in it.
std::vector<Box> physical_boxes(const PlanReport& report) {
    constexpr std::size_t kNameBytes = 40;
    std::vector<Box> boxes;
    std::string_view type;
    for (const PhysicalPart& part : report.physical) {
        const std::string& name = part.what.empty() ? part.type : part.what;
        if (!boxes.empty() && type == part.type && boxes.back().last() + 1 == part.base) {
            Box& box = boxes.back();
            box.bytes += part.bytes;
            if (box.name.ends_with("…") || box.name.contains(name))
                continue;
            box.name += box.name.size() + name.size() <= kNameBytes ? ", " + name : ", …";
            continue;
        }
        type = part.type;
        boxes.push_back({.base = part.base,
                         .bytes = part.bytes,
                         .name = name,
                         .fill = fill_of(kTypes, part.type)});
    }
    return boxes;
}

class Picture {
  public:
    explicit Picture(const PlanReport& report)
        : report_(report),
          virtual_(virtual_boxes(report)),
          physical_(physical_boxes(report)),
          end_(std::max(stack_up(virtual_), stack_up(physical_))) {}

    std::string draw() {
        const int height = end_ + 70;
        svg_ = "<svg xmlns='http://www.w3.org/2000/svg' width='" + std::to_string(kWidth) +
               "' height='" + std::to_string(height) + "' viewBox='0 0 " + std::to_string(kWidth) +
               " " + std::to_string(height) +
               "' font-family='DejaVu Sans, Helvetica, Arial, sans-serif' font-size='12'>\n"
               "<rect width='100%' height='100%' fill='#ffffff'/>\n";
        heading();
        // The direct map shows all of memory: draw it first, under everything else.
        for (const Box& box : virtual_)
            if (is_direct_map(box))
                band(box);
        for (const Box& box : virtual_)
            if (!is_direct_map(box) && box.access != "---")
                band(box);
        column(virtual_, kLeft, true);
        column(physical_, kRight, false);
        legend();
        return svg_ + "</svg>\n";
    }

  private:
    static bool is_direct_map(const Box& box) { return box.name.starts_with("direct map"); }

    void text(double x, double y, std::string_view content, std::string_view attributes = {}) {
        svg_ += "<text x='" + number(x) + "' y='" + number(y) + "' " + std::string(attributes) +
                ">" + escaped(content) + "</text>\n";
    }

    void heading() {
        text(24, 30, report_.kernel, "font-size='18' font-weight='bold'");
        text(24, 50,
             "entry " + hex_text(report_.entry) + ", slide " + hex_text(report_.slide) +
                 "; page tables at " + hex_text(report_.root) + ", " +
                 std::to_string(report_.levels) + " levels, " +
                 std::to_string(report_.table_frames) + " frames. Not to scale.",
             "fill='#555555'");
        text(kLeft, kTop - 14, "virtual addresses", "font-weight='bold'");
        text(kRight, kTop - 14, "physical memory", "font-weight='bold'");
    }

    /// Where a physical address is on the picture; beside all boxes, where the next lower one ends.
    double physical_at(uint64_t address) const {
        for (const Box& box : std::views::reverse(physical_)) {
            if (address < box.base)
                continue;
            return address - box.base <= box.bytes ? box.at(address - box.base) : box.y;
        }
        return end_;
    }

    void band(const Box& box) {
        const double top = physical_at(box.physical + box.bytes);
        const double bottom = std::max(physical_at(box.physical), top + 2);
        const std::string x0 = std::to_string(kLeft + kBoxWidth);
        const std::string x1 = std::to_string((kLeft + kBoxWidth + kRight) / 2);
        const std::string x2 = std::to_string(kRight);
        svg_ += "<path d='M" + x0 + " " + number(box.y) + " C" + x1 + " " + number(box.y) + " " +
                x1 + " " + number(top) + " " + x2 + " " + number(top) + " L" + x2 + " " +
                number(bottom) + " C" + x1 + " " + number(bottom) + " " + x1 + " " +
                number(box.y + box.height) + " " + x0 + " " + number(box.y + box.height) +
                " Z' fill='" + box.fill + "' stroke='#666666' stroke-width='0.5' opacity='" +
                (is_direct_map(box) ? "0.25" : "0.6") + "'/>\n";
    }

    void column(const std::vector<Box>& boxes, int x, bool addresses_before) {
        const int label_x = addresses_before ? x - 8 : x + kBoxWidth + 8;
        const std::string label = std::string("font-family='DejaVu Sans Mono, monospace' "
                                              "font-size='11' fill='#444444'") +
                                  (addresses_before ? " text-anchor='end'" : "");
        for (std::size_t i = 0; i < boxes.size(); ++i) {
            const Box& box = boxes[i];
            const int bottom = box.y + box.height;
            svg_ += "<rect x='" + std::to_string(x) + "' y='" + std::to_string(box.y) +
                    "' width='" + std::to_string(kBoxWidth) + "' height='" +
                    std::to_string(box.height) + "' fill='" + box.fill + "' stroke='#666666'/>\n";
            text(x + 8, box.y + box.height / 2.0 + 4, box.name);
            text(x + kBoxWidth - 8, box.y + box.height / 2.0 + 4,
                 (box.access.empty() ? "" : box.access + "  ") + size_text(box.bytes),
                 "text-anchor='end' fill='#444444'");
            text(label_x, bottom - 2, hex_text(box.base, addresses_before ? 16 : 10), label);
            if (i == 0 || touch(boxes[i - 1], box))
                continue;
            text(x + kBoxWidth / 2.0, bottom + kGapHeight / 2.0 + 4,
                 (addresses_before ? "not mapped" : "nothing") + gap_size(boxes[i - 1], box),
                 "text-anchor='middle' font-size='11' font-style='italic' fill='#888888'");
        }
    }

    void legend() {
        int x = kLeft;
        const auto entry = [&](std::string_view name, std::string_view fill) {
            svg_ += "<rect x='" + std::to_string(x) + "' y='" + std::to_string(end_ + 30) +
                    "' width='14' height='14' fill='" + std::string(fill) +
                    "' stroke='#666666'/>\n";
            text(x + 20, end_ + 42, name, "font-size='11'");
            x += 36 + static_cast<int>(name.size()) * 7;
        };
        for (const Colour& colour : kAccess)
            entry(colour.name == "---" ? "guard page" : colour.name, colour.fill);
        x = kRight - 150;
        for (const Colour& colour : kTypes)
            if (std::ranges::any_of(report_.physical, [&](const PhysicalPart& part) {
                    return part.type == colour.name;
                }))
                entry(colour.name, colour.fill);
        entry("other", kOther);
    }

    const PlanReport& report_;
    std::vector<Box> virtual_;
    std::vector<Box> physical_;
    int end_;
    std::string svg_;
};

} // namespace

std::string as_svg(const PlanReport& report) {
    return Picture(report).draw();
}

} // namespace baton::tool
