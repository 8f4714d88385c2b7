/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What went wrong, in words: beside the errno that a function of the library returns, for people.
 *
 * Each function of the library that fails leaves a line that says what was tried with what, why it
 * failed, and, as far as that is known, what to do. There is one for each thread. It is cut to
 * IV_ERROR_SIZE bytes with its NUL. Its words may change; programs look at the errno, which is also
 * in errno.
 */
#ifndef IV_ERROR_H
#define IV_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

#define IV_ERROR_SIZE 320

const char *iv_error_message(void);

#ifdef __cplusplus
}
#endif

#endif
