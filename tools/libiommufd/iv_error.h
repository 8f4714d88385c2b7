/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What went wrong, in words: beside the errno that a function of the library returns, for people.
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
