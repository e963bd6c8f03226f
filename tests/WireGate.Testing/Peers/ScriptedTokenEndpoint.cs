using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace WireGate.Testing.Peers;

/// <summary>Somebody who gives tokens as the test tells it to, right or wrong, and remembers how it was asked. Latin-1.</summary>
public sealed class ScriptedTokenEndpoint : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _asked = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2? _certificate;
    private readonly Task _serving;

    /// <param name="certificate">Its own; null: it speaks in clear.</param>
    public ScriptedTokenEndpoint(X509Certificate2? certificate = null)
    {
        _certificate = certificate;
        _listener.Start();
        _serving = ServeAsync();
        Answer = _ => Task.FromResult(Json("200 OK", """{"access_token":"token-0001","token_type":"Bearer","expires_in":3600}"""));
    }

    /// <summary>Where it listens.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>From all of a request to all of the response, behind which it closes.</summary>
    public Func<string, Task<string>> Answer { get; set; }

    /// <summary>How its connections end.</summary>
    public AnswerEnd End { get; set; }

    /// <summary>Each request, in order.</summary>
    public IReadOnlyList<string> Asked => [.. _asked];

    /// <summary>How many of them were answered.</summary>
    public int Answered { get; private set; }

    /// <summary>A response that is JSON.</summary>
    /// <param name="status">As it stands behind the version: <c>200 OK</c>.</param>
    /// <param name="body">Its body.</param>
    public static string Json(string status, string body) =>
        $"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {body.Length.ToString(CultureInfo.InvariantCulture)}\r\n\r\n{body}";

    /// <summary>Answers every request with this.</summary>
    public void Says(string response) => Answer = _ => Task.FromResult(response);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving;
        _listener.Dispose();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            try
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync());
            }
            catch (Exception e) when (e is SocketException or InvalidOperationException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                Stream stream = client.GetStream();
                SslStream? tls = null;
                if (_certificate is not null)
                {
                    stream = tls = new SslStream(stream);
                    await tls.AuthenticateAsServerAsync(_certificate);
                }

                await using (stream)
                {
                    string request = await ReadAsync(stream);
                    _asked.Enqueue(request);
                    await stream.WriteAsync(Encoding.Latin1.GetBytes(await Answer(request)));
                    Answered++;
                    if (End == AnswerEnd.Said && tls is not null)
                    {
                        await tls.ShutdownAsync();
                    }

                    if (End == AnswerEnd.Reset)
                    {
                        client.Client.Close(0);
                    }
                }
            }
            catch (Exception e) when (e is IOException or AuthenticationException)
            {
                // Whoever asked did not trust it, or did not wait for the answer.
            }
        }
    }

    private static async Task<string> ReadAsync(Stream stream)
    {
        var request = new StringBuilder();
        byte[] buffer = new byte[4096];
        int end, length;
        do
        {
            int count = await stream.ReadAsync(buffer);
            if (count == 0)
            {
                throw new IOException("no whole request");
            }

            request.Append(Encoding.Latin1.GetString(buffer, 0, count));
            string text = request.ToString();
            end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
            const string Header = "Content-Length: ";
            int at = text.IndexOf(Header, StringComparison.OrdinalIgnoreCase);
            length = end < 4 || at < 0 ? int.MaxValue - 4096 : int.Parse(text[(at + Header.Length)..].Split('\r')[0], CultureInfo.InvariantCulture);
        }
        while (request.Length - end < length);

        return request.ToString();
    }
}

/// <summary>How a connection ends behind an answer.</summary>
public enum AnswerEnd
{
    /// <summary>It is closed, in TLS without a word.</summary>
    Closed = 0,

    /// <summary>It is closed, in TLS with a close_notify.</summary>
    Said,

    /// <summary>It is reset.</summary>
    Reset,
}
