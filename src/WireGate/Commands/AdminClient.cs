using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using WireGate.Admin.Api;

namespace WireGate.Commands;

/// <summary>Speaks to the running daemon over its admin socket.</summary>
internal sealed class AdminClient : IDisposable
{
    // A list of 100,000 placeholders is about 40 MiB.
    private const int LargestAnswer = 64 * 1024 * 1024;

    private static readonly TimeSpan QueueFull = TimeSpan.FromMilliseconds(20);

    // Connecting to a Unix socket is at once; the answer waits for the daemon's disk.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly string _path;
    private readonly HttpClient _http;

    public AdminClient(string path)
    {
        _path = path;
        SocketsHttpHandler handler = new()
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            ConnectCallback = async (_, cancellationToken) =>
            {
                while (true)
                {
                    Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    try
                    {
                        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
                        return new NetworkStream(socket, ownsSocket: true);
                    }
                    catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.TryAgain)
                    {
                        // Others fill the queue of those that wait to be accepted: there is room again at once, for whoever comes first.
                        socket.Dispose();
                        await Task.Delay(QueueFull, cancellationToken);
                    }
                    catch
                    {
                        socket.Dispose();
                        throw;
                    }
                }
            },
        };
        _http = new HttpClient(handler)
        {
            BaseAddress = new Uri("http://wiregate/"),
            Timeout = Timeout,
            MaxResponseContentBufferSize = LargestAnswer,
        };
    }

    /// <summary>Asks for a value.</summary>
    /// <exception cref="CommandException">The daemon does not answer, or the answer is no.</exception>
    public async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        return Read(await SendAsync(request, cancellationToken), type);
    }

    /// <summary>Sends a body and reads the answer.</summary>
    /// <exception cref="CommandException">The daemon does not answer, or the answer is no.</exception>
    public async Task<TAnswer> PostAsync<TBody, TAnswer>(
        string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answerType, CancellationToken cancellationToken) =>
        Read(await PostAsync(path, body, bodyType, cancellationToken), answerType);

    /// <summary>Sends a body; the answer's bytes belong to the caller, who clears them if they are secret.</summary>
    /// <exception cref="CommandException">The daemon does not answer, or the answer is no.</exception>
    public async Task<byte[]> PostAsync<TBody>(string path, TBody body, JsonTypeInfo<TBody> type, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, path)
        {
            Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, type)),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return await SendAsync(request, cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    private static T Read<T>(byte[] answer, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(answer, type) ?? throw NotUnderstood(null);
        }
        catch (JsonException e)
        {
            throw NotUnderstood(e);
        }
    }

    private static CommandException NotUnderstood(Exception? e) =>
        new("the daemon's answer is not understood: are wiregate and the running daemon of the same version?", e);

    private async Task<byte[]> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, cancellationToken);
            byte[] answer = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            return response.IsSuccessStatusCode ? answer : throw Refused(response.StatusCode, answer);
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.AccessDenied })
        {
            throw new CommandException($"you may not open {_path}: its group may (ls -l {_path}; id)", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new CommandException($"the daemon does not answer at {_path}: is it running? systemctl status wiregate", e);
        }
    }

    private static CommandException Refused(HttpStatusCode status, byte[] answer)
    {
        try
        {
            if (JsonSerializer.Deserialize(answer, AdminJson.Default.ProblemView) is ProblemView problem)
            {
                return new CommandException(problem.Detail);
            }
        }
        catch (JsonException)
        {
            // The status alone must do.
        }

        return new CommandException($"the daemon refused it with status {(int)status}");
    }
}
