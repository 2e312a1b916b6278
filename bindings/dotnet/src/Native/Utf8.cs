using System;
using System.Runtime.InteropServices;
using System.Text;

namespace MailEnhanceService.Native
{
    internal static class Utf8
    {
        /// <summary>With its NUL; null stays null. That it holds no other is seen to by <see cref="Mail"/>.</summary>
        internal static byte[] Of(string text) => text == null ? null : Encoding.UTF8.GetBytes(text + '\0');

        internal static string Read(IntPtr text)
        {
            if (text == IntPtr.Zero)
                return null;
            var size = 0;
            while (Marshal.ReadByte(text, size) != 0)
                size++;
            var bytes = new byte[size];
            Marshal.Copy(text, bytes, 0, size);
            return Encoding.UTF8.GetString(bytes);
        }

        internal static string Read(byte[] text) => Encoding.UTF8.GetString(text, 0, Array.IndexOf(text, (byte)0));
    }
}
