; SPDX-License-Identifier: BSD-2-Clause
;
; No code and no data.
