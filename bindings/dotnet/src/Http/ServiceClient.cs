using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Runtime.Serialization;
using System.Threading;
using System.Threading.Tasks;

namespace MailEnhanceService.Http
{
    /// <summary>Asks the service; where it is busy or not there, again, as often as it takes and is allowed.</summary>
    internal sealed class ServiceClient : IDisposable
    {
        private const int MostConnections = 16;
        private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
        private static readonly string[] Tongues = { "en", "zh-HK", "zh-CN" };

        private readonly HttpClient _client;
        private readonly MailEnhanceOptions _options;
        private readonly Uri _base;

        internal ServiceClient(MailEnhanceOptions options)
        {
            _options = options;
            _base = new Uri(options.Server.AbsoluteUri.TrimEnd('/') + "/");
            // A redirect could carry the key elsewhere.
            _client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, MaxConnectionsPerServer = MostConnections })
            {
                Timeout = options.RequestTimeout
            };
        }

        public void Dispose() => _client.Dispose();

        /// <summary><paramref name="content"/> is called for each try. Between tries <paramref name="cancellation"/> is looked at;
        /// a request that is out is waited for, because nobody would know what it did.</summary>
        internal async Task<T> Ask<T>(HttpMethod method, string path, Func<HttpContent> content, string idempotencyKey,
                                      CancellationToken cancellation) where T : class
        {
            var clock = Stopwatch.StartNew();
            for (var pause = TimeSpan.FromSeconds(0.5); ; pause += pause)
            {
                cancellation.ThrowIfCancellationRequested();
                TimeSpan wait;
                try
                {
                    using (var request = Make(method, path, content, idempotencyKey))
                    using (var answer = await _client.SendAsync(request).ConfigureAwait(false))
                    {
                        if (answer.IsSuccessStatusCode)
                            return await Read<T>(answer).ConfigureAwait(false);
                        var problem = await ReadProblem(answer).ConfigureAwait(false);
                        if (!IsForLater(answer))
                            throw problem;
                        wait = PauseOf(answer) ?? pause;
                        if (clock.Elapsed + wait > _options.RetryServerFor)
                            throw problem;
                    }
                }
                catch (Exception failure) when (failure is HttpRequestException || failure is TaskCanceledException || failure is IOException)
                {
                    wait = pause;
                    if (clock.Elapsed + wait > _options.RetryServerFor)
                        throw new MailEnhanceException("UNREACHABLE", $"The service at {_base} does not answer: {Innermost(failure)} "
                            + "Is it running, and is that its address?", failure);
                }
                await Task.Delay(wait < LongestPause ? wait : LongestPause, cancellation).ConfigureAwait(false);
            }
        }

        private HttpRequestMessage Make(HttpMethod method, string path, Func<HttpContent> content, string idempotencyKey)
        {
            var request = new HttpRequestMessage(method, new Uri(_base, path)) { Content = content?.Invoke() };
            if (!string.IsNullOrEmpty(_options.Key))
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _options.Key);
            request.Headers.AcceptLanguage.ParseAdd(Tongues[(int)_options.Language]);
            if (idempotencyKey != null)
                request.Headers.Add("Idempotency-Key", idempotencyKey);
            return request;
        }

        /// <summary>Too many requests, the service or a proxy before it is not ready, or the same call is still under way.</summary>
        private static bool IsForLater(HttpResponseMessage answer)
        {
            var status = (int)answer.StatusCode;
            return status == 429 || status == 502 || status == 503 || status == 504
                || (status == 409 && answer.Headers.RetryAfter != null);
        }

        private static TimeSpan? PauseOf(HttpResponseMessage answer)
        {
            var said = answer.Headers.RetryAfter;
            var pause = said?.Delta ?? said?.Date - DateTimeOffset.UtcNow;
            return pause < TimeSpan.Zero ? TimeSpan.Zero : pause;
        }

        private static async Task<T> Read<T>(HttpResponseMessage answer)
        {
            using (var stream = await answer.Content.ReadAsStreamAsync().ConfigureAwait(false))
            {
                try
                {
                    return Wire.Read<T>(stream);
                }
                catch (SerializationException broken)
                {
                    throw new IOException("The answer broke off.", broken);
                }
            }
        }

        private async Task<Exception> ReadProblem(HttpResponseMessage answer)
        {
            var status = (int)answer.StatusCode;
            if (answer.Content?.Headers.ContentType?.MediaType != "application/problem+json")
                return new MailEnhanceException("UNREACHABLE", $"What answers at {_base} is no mailenhance service, or a proxy before it: "
                    + $"{status} {answer.ReasonPhrase}.");
            var problem = await Read<WireProblem>(answer).ConfigureAwait(false);
            return new ProblemException(problem);
        }

        private static string Innermost(Exception failure)
        {
            if (failure is TaskCanceledException)
                return "no answer in time.";
            while (failure.InnerException != null)
                failure = failure.InnerException;
            return failure.Message;
        }
    }

    /// <summary>A refusal of the service; never leaves this folder.</summary>
    internal sealed class ProblemException : Exception
    {
        internal WireProblem Problem { get; }

        internal ProblemException(WireProblem problem) : base(problem.Reason)
        {
            Problem = problem;
        }

        /// <summary>"no-valid-key": the end of its type.</summary>
        internal string Kind => Problem.Type.Substring(Problem.Type.LastIndexOf(':') + 1);

        internal MailEnhanceException Shown()
        {
            var advice = string.IsNullOrEmpty(Problem.Advice) ? "" : " " + Problem.Advice;
            return new MailEnhanceException(Kind, Problem.Reason + advice, this);
        }

        /// <summary>When every address was refused: what is wrong with each, by its place; else null.</summary>
        internal IReadOnlyDictionary<int, string> BadAddresses()
        {
            var found = new Dictionary<int, string>();
            foreach (var complaint in Problem.Errors ?? new List<WireComplaint>())
            {
                var words = (complaint.Field ?? "").Split('[', ']');
                if (words.Length != 3 || words[0] != "to" || words[2].Length > 0 || !int.TryParse(words[1], out var index))
                    return null;
                found[index] = complaint.Reason;
            }
            return found.Any() ? found : null;
        }
    }
}
