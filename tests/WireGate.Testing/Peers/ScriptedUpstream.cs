using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace WireGate.Testing.Peers;

/// <summary>A listening upstream whose connections the test accepts and plays one by one.</summary>
public sealed class ScriptedUpstream : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>Takes a free port of 127.0.0.1.</summary>
    public ScriptedUpstream()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
    }

    /// <summary>Where it listens.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>Whether a connection waits to be accepted.</summary>
    public bool HasWaiting => _listener.Poll(0, SelectMode.SelectRead);

    /// <summary>Accepts the next connection.</summary>
    public async Task<UpstreamPeer> AcceptAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        Socket socket = await _listener.AcceptAsync(limit.Token);
        socket.NoDelay = true;
        return new UpstreamPeer(socket);
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();
}

/// <summary>One connection of the gateway to its upstream, played by the test.</summary>
public sealed class UpstreamPeer(Socket socket) : ScriptedPeer(socket)
{
    private static readonly byte[] SaltBytes = [.. "sixteen bytes..."u8];

    /// <summary>Rounds: the least that the gateway takes, and they cost a test nothing.</summary>
    private const int Rounds = 4096;

    /// <summary>Answers the gateway's SSLRequest with S and serves TLS.</summary>
    public async Task EncryptAsync(X509Certificate2 certificate)
    {
        await ReadPacketAsync();
        await SendAsync("S"u8.ToArray());
        await StartTlsAsServerAsync(certificate);
    }

    /// <summary>Reads the startup message: names and values.</summary>
    public async Task<Dictionary<string, string>> ReadStartupAsync()
    {
        (_, byte[] rest) = await ReadPacketAsync();
        string[] texts = Encoding.UTF8.GetString(rest).Split('\0');
        var parameters = new Dictionary<string, string>();
        for (int i = 0; i + 1 < texts.Length && texts[i].Length > 0; i += 2)
        {
            parameters[texts[i]] = texts[i + 1];
        }

        return parameters;
    }

    /// <summary>Sends one message.</summary>
    public Task SendAsync(char type, params byte[] body) => SendAsync(ScriptedClient.Message(type, body));

    /// <summary>Sends one message of text.</summary>
    public Task SendAsync(char type, string body) => SendAsync(type, Encoding.UTF8.GetBytes(body));

    /// <summary>Sends an Authentication message.</summary>
    public Task AskAsync(int code, string data = "") => SendAsync('R', [.. ScriptedClient.Int32(code), .. Encoding.ASCII.GetBytes(data)]);

    /// <summary>Sends an ErrorResponse.</summary>
    public Task RefuseAsync(string sqlState, string message) => SendAsync('E', $"SFATAL\0VFATAL\0C{sqlState}\0M{message}\0\0");

    /// <summary>Offers SCRAM and goes through it, AuthenticationOk excluded.</summary>
    /// <param name="password">What the upstream knows.</param>
    /// <param name="offer">The mechanisms that it offers.</param>
    /// <param name="header">The GS2 header that the gateway must choose.</param>
    /// <param name="binding">The channel binding's data that the gateway must prove; empty: none.</param>
    /// <returns>False: the gateway's proof or its header is wrong, and nothing was answered to it.</returns>
    public async Task<bool> AuthenticateAsync(string password, string offer = "SCRAM-SHA-256\0", string header = "n,,", byte[]? binding = null)
    {
        ArgumentNullException.ThrowIfNull(header);
        await AskAsync(10, offer + '\0');
        string initial = (await ExpectAsync('p')).Text;
        string response = initial[(initial.IndexOf('\0', StringComparison.Ordinal) + 5)..];
        if (!response.StartsWith(header, StringComparison.Ordinal))
        {
            return false;
        }

        string bare = response[header.Length..];
        string first = $"r={bare.Split("r=")[1]}{Convert.ToBase64String(RandomNumberGenerator.GetBytes(18))}"
            + $",s={Convert.ToBase64String(SaltBytes)},i={Rounds}";
        await AskAsync(11, first);
        string final = (await ExpectAsync('p')).Text;
        int proofAt = final.IndexOf(",p=", StringComparison.Ordinal);
        string message = $"{bare},{first},{final[..proofAt]}";
        byte[] salted = PeerScram.Salt(password, SaltBytes, Rounds);
        string bound = Convert.ToBase64String([.. Encoding.ASCII.GetBytes(header), .. binding ?? []]);
        if (!final.StartsWith($"c={bound},", StringComparison.Ordinal)
            || final[(proofAt + 3)..] != Convert.ToBase64String(PeerScram.Proof(salted, message)))
        {
            return false;
        }

        await AskAsync(12, $"v={PeerScram.Signature(salted, message)}");
        return true;
    }

    /// <summary>AuthenticationOk, some settings, a cancel key, ReadyForQuery, all in one write.</summary>
    public Task GreetAsync(int processId = 4711, byte[]? key = null, string user = "app_ro") => SendAsync((byte[])
    [
        .. ScriptedClient.Message('R', 0, 0, 0, 0),
        .. ScriptedClient.Message('S', [.. "server_version\u000017.0\0"u8]),
        .. ScriptedClient.Message('S', Encoding.UTF8.GetBytes($"session_authorization\0{user}\0")),
        .. ScriptedClient.Message('K', [.. ScriptedClient.Int32(processId), .. key ?? [1, 2, 3, 4]]),
        .. ScriptedClient.Message('Z', (byte)'I'),
    ]);
}
