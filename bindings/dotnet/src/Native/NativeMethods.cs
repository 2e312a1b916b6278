using System;
using System.Runtime.InteropServices;

namespace MailEnhanceService.Native
{
    /// <summary>include/mes as it is called from here. Texts are UTF-8 that ends with NUL, see <see cref="Utf8"/>.</summary>
    internal static class NativeMethods
    {
        /// <summary>The name under which the library promises this interface; libmailenhance.so alone is for compilers.</summary>
        internal const string Library = "libmailenhance.so.0";
        private const CallingConvention C = CallingConvention.Cdecl;

        [UnmanagedFunctionPointer(C)]
        internal delegate void OnNotice(IntPtr context, IntPtr error);

        [UnmanagedFunctionPointer(C)]
        internal delegate void OnDone(IntPtr context, IntPtr report);

        [DllImport(Library, CallingConvention = C)]
        internal static extern IntPtr mes_version();

        [DllImport(Library, CallingConvention = C)]
        internal static extern ErrorHandle mes_error_new();

        [DllImport(Library, CallingConvention = C)]
        internal static extern void mes_error_free(ref IntPtr error);

        [DllImport(Library, CallingConvention = C)]
        internal static extern IntPtr mes_error_text(ErrorHandle error, MailLanguage language, byte[] text, UIntPtr size);

        [DllImport(Library, CallingConvention = C)]
        internal static extern IntPtr mes_error_text(IntPtr error, MailLanguage language, byte[] text, UIntPtr size);

        [DllImport(Library, CallingConvention = C)]
        internal static extern IntPtr mes_code_name(int code);

        [DllImport(Library, CallingConvention = C)]
        internal static extern int mes_account_list_load(byte[] path, byte[] company, OnNotice onNotice, IntPtr context,
                                                         out AccountListHandle list, ErrorHandle error);

        [DllImport(Library, CallingConvention = C)]
        internal static extern void mes_account_list_free(ref IntPtr list);

        [DllImport(Library, CallingConvention = C)]
        internal static extern int mes_sender_new(AccountListHandle list, ref SenderOptions options, out SenderHandle sender,
                                                  ErrorHandle error);

        [DllImport(Library, CallingConvention = C)]
        internal static extern void mes_sender_free(ref IntPtr sender);

        [DllImport(Library, CallingConvention = C)]
        internal static extern int mes_submit(SenderHandle sender, MessageHandle message, OnDone onDone, IntPtr context,
                                              ErrorHandle error);

        [DllImport(Library, CallingConvention = C)]
        [return: MarshalAs(UnmanagedType.I1)]
        internal static extern bool mes_sender_withdraw(SenderHandle sender, IntPtr context);

        [DllImport(Library, CallingConvention = C)]
        internal static extern void mes_sender_cancel(SenderHandle sender, int graceMilliseconds);

        [DllImport(Library, CallingConvention = C)]
        [return: MarshalAs(UnmanagedType.I1)]
        internal static extern bool mes_sender_wait(SenderHandle sender, int timeoutMilliseconds);

        [DllImport(Library, CallingConvention = C)]
        internal static extern void mes_sender_wake(SenderHandle sender);

        [DllImport(Library, CallingConvention = C)]
        internal static extern MessageHandle mes_message_new();

        [DllImport(Library, CallingConvention = C)]
        internal static extern void mes_message_free(ref IntPtr message);

        [DllImport(Library, CallingConvention = C)]
        internal static extern int mes_message_add_recipient(MessageHandle message, int role, byte[] address, byte[] name,
                                                             ErrorHandle error);

        [DllImport(Library, CallingConvention = C)]
        internal static extern int mes_message_set_variable(MessageHandle message, byte[] key, byte[] value, ErrorHandle error);

        [DllImport(Library, CallingConvention = C)]
        internal static extern int mes_message_set_subject(MessageHandle message, byte[] subject, ErrorHandle error);

        [DllImport(Library, CallingConvention = C)]
        internal static extern int mes_message_set_text(MessageHandle message, byte[] text, ErrorHandle error);

        [DllImport(Library, CallingConvention = C)]
        internal static extern int mes_message_set_html(MessageHandle message, byte[] html, ErrorHandle error);

        [DllImport(Library, CallingConvention = C)]
        internal static extern int mes_message_set_template(MessageHandle message, byte[] folder, byte[] name, byte[] language,
                                                            ErrorHandle error);

        [DllImport(Library, CallingConvention = C)]
        internal static extern int mes_message_attach_file(MessageHandle message, byte[] path, byte[] name, byte[] type,
                                                           ErrorHandle error);

        [DllImport(Library, CallingConvention = C)]
        internal static extern UIntPtr mes_report_count(IntPtr report);

        [DllImport(Library, CallingConvention = C)]
        internal static extern IntPtr mes_report_result(IntPtr report, UIntPtr index);

        [DllImport(Library, CallingConvention = C)]
        internal static extern void mes_report_free(ref IntPtr report);

        [DllImport(Library, CallingConvention = C)]
        internal static extern IntPtr mes_result_attempt(IntPtr result, UIntPtr index);

        [DllImport(Library, CallingConvention = C)]
        internal static extern IntPtr mes_advice_text(IntPtr adviceId, MailLanguage language);

        [DllImport(Library, CallingConvention = C)]
        internal static extern IntPtr mes_step_name(int step);

        [DllImport(Library, CallingConvention = C)]
        internal static extern IntPtr mes_status_name(int status);
    }

    /// <summary>struct mes_sender_options</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct SenderOptions
    {
        internal IntPtr Account;
        [MarshalAs(UnmanagedType.I1)]
        internal bool Bulk;
        internal long RetryForMilliseconds;
        internal IntPtr Memory, OnTrace, OnResult, Context;
        internal IntPtr Spare0, Spare1, Spare2, Spare3, Spare4, Spare5;
    }

    /// <summary>struct mes_result</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Result
    {
        internal IntPtr Recipient;
        internal int Role;
        internal int Status;
        internal IntPtr MessageId;
        internal IntPtr Attempts;
        internal UIntPtr AttemptCount;
        internal int Dsn;
    }

    /// <summary>struct mes_attempt</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Attempt
    {
        internal IntPtr Account;
        internal int Step;
        internal int Class;
        internal int Code;
        internal IntPtr Enhanced;
        internal IntPtr Reply;
        internal IntPtr AdviceId;
        internal long Milliseconds;
    }
}
