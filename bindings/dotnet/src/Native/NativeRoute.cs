using System;
using System.Collections.Concurrent;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;

namespace MailEnhanceService.Native
{
    /// <summary>The library in this process: one thread drives one sender, to which everybody else hands work.</summary>
    internal sealed class NativeRoute : IMailRoute
    {
        private const int GraceMilliseconds = 5000;
        // Kept here, for the library calls it when the caller has long returned.
        private static readonly NativeMethods.OnDone Done = OnDone;

        private readonly MailEnhanceOptions _options;
        private readonly string _templateFolder;
        private readonly AccountListHandle _list;
        private readonly SenderHandle _sender;
        private readonly ConcurrentQueue<Action> _work = new ConcurrentQueue<Action>();
        private readonly Thread _thread;
        private readonly object _closing = new object();
        private bool _isClosed;

        internal NativeRoute(MailEnhanceOptions options)
        {
            NativeError.CheckLibrary();
            _options = options;
            _templateFolder = options.FindTemplateFolder();
            using (var error = NativeMethods.mes_error_new())
            {
                _list = LoadList(options, error);
                _sender = NewSender(error);
            }
            _thread = new Thread(Drive) { IsBackground = true, Name = "mailenhance" };
            _thread.Start();
        }

        /// <summary>A message on its way; the library holds on to it by a GCHandle.</summary>
        private sealed class Submission
        {
            internal readonly TaskCompletionSource<MailResult> Completion =
                new TaskCompletionSource<MailResult>(TaskCreationOptions.RunContinuationsAsynchronously);
            internal Message Message;
            internal MailLanguage Language;
            internal CancellationToken Cancellation;
            internal GCHandle Handle;
            internal bool IsWithdrawn;
        }

        public async Task<MailResult> SendAsync(Mail mail, CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            using (var message = await Task.Run(() => new Message(mail, _templateFolder, _options.Language), cancellation)
                                           .ConfigureAwait(false))
            {
                if (!message.HasRecipients)
                    return new MailResult(message.Rejected);
                var submission = new Submission { Message = message, Language = _options.Language, Cancellation = cancellation };
                Post(() => Submit(submission));
                using (cancellation.Register(() => TryPost(() => Withdraw(submission))))
                    return await submission.Completion.Task.ConfigureAwait(false);
            }
        }

        public void Dispose()
        {
            lock (_closing)
            {
                if (_isClosed)
                    return;
                _isClosed = true;
                NativeMethods.mes_sender_cancel(_sender, GraceMilliseconds);
            }
            if (Thread.CurrentThread != _thread)
                _thread.Join();
        }

        // ---- the driving thread ----

        private void Drive()
        {
            bool isBusy;
            do
            {
                while (_work.TryDequeue(out var work))
                    work();
                isBusy = NativeMethods.mes_sender_wait(_sender, -1);
            } while (isBusy || !IsOver());
            _sender.Dispose();
            _list.Dispose();
        }

        private bool IsOver()
        {
            lock (_closing)
                return _isClosed && _work.IsEmpty;
        }

        private void Submit(Submission submission)
        {
            submission.Handle = GCHandle.Alloc(submission);
            try
            {
                submission.Cancellation.ThrowIfCancellationRequested();
                using (var error = NativeMethods.mes_error_new())
                    NativeError.Check(NativeMethods.mes_submit(_sender, submission.Message.Handle, Done,
                                                               GCHandle.ToIntPtr(submission.Handle), error), error, _options.Language);
            }
            catch (Exception refused)
            {
                submission.Handle.Free();
                End(submission, refused);
            }
        }

        private void Withdraw(Submission submission)
        {
            submission.IsWithdrawn = submission.Handle.IsAllocated;
            if (submission.IsWithdrawn)
                NativeMethods.mes_sender_withdraw(_sender, GCHandle.ToIntPtr(submission.Handle));
        }

        /// <summary>No exception may go through the library.</summary>
        private static void OnDone(IntPtr context, IntPtr report)
        {
            var submission = (Submission)GCHandle.FromIntPtr(context).Target;
            submission.Handle.Free();
            try
            {
                if (report == IntPtr.Zero)
                    throw new OutOfMemoryException();
                var results = NativeReport.Read(report, submission.Language);
                foreach (var result in results.Where(one => submission.IsWithdrawn && one.Status == MailStatus.Deferred))
                    result.Status = MailStatus.Cancelled;
                results.AddRange(submission.Message.Rejected);
                submission.Completion.TrySetResult(new MailResult(results));
            }
            catch (Exception wrong)
            {
                submission.Completion.TrySetException(wrong);
            }
            finally
            {
                NativeMethods.mes_report_free(ref report);
            }
        }

        private static void End(Submission submission, Exception why)
        {
            if (why is OperationCanceledException)
                submission.Completion.TrySetCanceled(submission.Cancellation);
            else
                submission.Completion.TrySetException(why);
        }

        // ---- handing work over ----

        private void Post(Action work)
        {
            if (!TryPost(work))
                throw new ObjectDisposedException(nameof(EmailAppService));
        }

        private bool TryPost(Action work)
        {
            lock (_closing)
            {
                if (_isClosed)
                    return false;
                _work.Enqueue(work);
                NativeMethods.mes_sender_wake(_sender);
                return true;
            }
        }

        // ---- setting up ----

        private static AccountListHandle LoadList(MailEnhanceOptions options, ErrorHandle error)
        {
            var company = string.IsNullOrEmpty(options.Company) ? null : Utf8.Of(options.Company);
            NativeMethods.OnNotice tell = (_, notice) => options.OnNotice?.Invoke(NativeError.Text(notice, options.Language));
            var code = NativeMethods.mes_account_list_load(Utf8.Of(Path.GetFullPath(options.FindConfigFile())),
                                                           company, tell, IntPtr.Zero, out var list, error);
            NativeError.Check(code, error, options.Language);
            return list;
        }

        private SenderHandle NewSender(ErrorHandle error)
        {
            var account = GCHandle.Alloc(Utf8.Of(_options.Account), GCHandleType.Pinned);
            try
            {
                var native = new SenderOptions
                {
                    Account = _options.Account == null ? IntPtr.Zero : account.AddrOfPinnedObject(),
                    Bulk = _options.Bulk,
                    RetryForMilliseconds = (long)_options.RetryFor.TotalMilliseconds
                };
                var code = NativeMethods.mes_sender_new(_list, ref native, out var sender, error);
                if (code != 0)
                    _list.Dispose();
                NativeError.Check(code, error, _options.Language);
                return sender;
            }
            finally
            {
                account.Free();
            }
        }
    }
}
