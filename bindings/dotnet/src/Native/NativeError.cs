using System;

namespace MailEnhanceService.Native
{
    internal static class NativeError
    {
        private const int TextSpace = 4096;

        internal static void Check(int code, ErrorHandle error, MailLanguage language)
        {
            if (code == 0)
                return;
            var text = new byte[TextSpace];
            NativeMethods.mes_error_text(error, language, text, (UIntPtr)TextSpace);
            throw new MailEnhanceException(Utf8.Read(NativeMethods.mes_code_name(code)), Utf8.Read(text));
        }

        /// <summary>Of an error that the library lends to a callback.</summary>
        internal static string Text(IntPtr error, MailLanguage language)
        {
            var text = new byte[TextSpace];
            NativeMethods.mes_error_text(error, language, text, (UIntPtr)TextSpace);
            return Utf8.Read(text);
        }

        /// <summary>The first call into the library: says what to install when it is not there.</summary>
        internal static void CheckLibrary()
        {
            try
            {
                NativeMethods.mes_version();
                NativeMethods.mes_error_new().Dispose();
            }
            catch (DllNotFoundException missing)
            {
                throw new MailEnhanceException("LIBRARY", $"The library {NativeMethods.Library} was not found. Install mailenhance on this "
                    + "machine (in its folder: meson setup build && ninja -C build install && ldconfig), or name a service that sends by "
                    + "MailEnhanceOptions.Server or the variable MAILENHANCE_URL.", missing);
            }
            catch (EntryPointNotFoundException old)
            {
                throw new MailEnhanceException("LIBRARY", $"The library {NativeMethods.Library} of this machine is too old for this program. "
                    + "Install mailenhance 0.1.0 or later.", old);
            }
            catch (BadImageFormatException wrong)
            {
                throw new MailEnhanceException("LIBRARY", $"The library {NativeMethods.Library} is for another kind of processor than this "
                    + "program. Install the one that fits.", wrong);
            }
        }
    }
}
