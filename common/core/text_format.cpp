// SPDX-License-Identifier: BSD-2-Clause
//
// In a file of its own, as text_of_error.cpp, which it needs.
#include "core/text.hpp"

namespace baton {
namespace {

template<class T>
const T& at(uint64_t word) {
    return *reinterpret_cast<const T*>(word);
}

} // namespace

TextWriter& TextWriter::put_words(const char* format, ...) { // NOLINT(cert-dcl50-cpp)
    va_list words;
    va_start(words, format);
    put_list(format, words);
    va_end(words);
    return *this;
}

TextWriter& TextWriter::put_list(const char* format, va_list words) {
    for (uint64_t word = 0;;) {
        const char* const literal = format;
        while (*format != '\0' && *format != '%')
            ++format;
        add({literal, format});
        if (*format == '\0')
            return *this;
        unsigned columns = 0;
        while (*++format <= '9')
            columns = columns * 10 + static_cast<unsigned>(*format - '0');
        const char letter = *format++;
        if (letter == 'p') {
            add(word == 1 ? "" : "s");
            continue;
        }
        word = va_arg(words, uint64_t);
        if (letter == 'd')
            decimal(word, columns);
        else if (letter == 'x')
            hex(word, columns);
        else if (letter == 'z')
            size(word);
        else if (letter == 's')
            add(reinterpret_cast<const char*>(word));
        else if (letter == 'v')
            add(at<std::string_view>(word));
        else if (letter == 'c')
            add(static_cast<char>(word));
        else
            error(at<Error>(word));
    }
}

} // namespace baton
