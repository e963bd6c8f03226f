using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace WireGate.Testing.Peers;

/// <summary>A PostgreSQL client of bytes: each step is a method, and any step can be left out or done wrong.</summary>
public sealed class ScriptedClient : ScriptedPeer
{
    /// <summary>Protocol 3.0, as nearly all clients speak it.</summary>
    public const int Version3 = 3 << 16;

    private ScriptedClient(Socket socket)
        : base(socket)
    {
    }

    /// <summary>The gateway's answer to the last SCRAM exchange was its own proof.</summary>
    public bool IsGatewayProven { get; private set; }

    /// <summary>Connects.</summary>
    /// <param name="endPoint">The gateway.</param>
    /// <param name="receiveBuffer">Bytes of the kernel's buffer; 0: the system's choice.</param>
    public static async Task<ScriptedClient> ConnectAsync(EndPoint endPoint, int receiveBuffer = 0) =>
        new(await DialAsync(endPoint, receiveBuffer));

    /// <summary>The bytes of a startup message.</summary>
    public static byte[] Startup(int version, params (string Name, string Value)[] parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        byte[] body = Encoding.UTF8.GetBytes(string.Concat(parameters.Select(p => $"{p.Name}\0{p.Value}\0")) + '\0');
        return [.. Int32(body.Length + 8), .. Int32(version), .. body];
    }

    /// <summary>The bytes of a message with a type byte.</summary>
    public static byte[] Message(char type, params byte[] body)
    {
        ArgumentNullException.ThrowIfNull(body);
        return [(byte)type, .. Int32(body.Length + 4), .. body];
    }

    /// <summary>Big-endian, as everything on this wire.</summary>
    public static byte[] Int32(int value)
    {
        byte[] bytes = new byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    /// <summary>Asks for TLS, gets it, and shakes hands.</summary>
    public async Task EncryptAsync()
    {
        await SendAsync(new byte[] { 0, 0, 0, 8, 4, 210, 22, 47 });
        byte answer = (await ReadAsync(1))[0];
        if (answer != 'S')
        {
            throw new InvalidDataException($"expected S, got {(char)answer}");
        }

        await StartTlsAsClientAsync();
    }

    /// <summary>Sends a startup message of version 3.0.</summary>
    public Task StartAsync(string user, string database, params (string Name, string Value)[] more) =>
        SendAsync(Startup(Version3, [("user", user), ("database", database), .. more]));

    /// <summary>Answers a request for a cleartext password.</summary>
    public async Task PresentPasswordAsync(string password)
    {
        PeerMessage asked = await ExpectAsync('R');
        if (asked.Code != 3)
        {
            throw new InvalidDataException($"expected a request for a password, got {asked.Code}");
        }

        await SendAsync(Message('p', Encoding.UTF8.GetBytes(password + '\0')));
    }

    /// <summary>Answers a request for SASL and goes up to client-final-message.</summary>
    /// <param name="password">The whole placeholder.</param>
    /// <param name="mechanism">Which one to take.</param>
    /// <param name="header">The GS2 header.</param>
    /// <returns>The signature by which the gateway must prove itself.</returns>
    public async Task<string> PresentScramAsync(string password, string mechanism = "SCRAM-SHA-256", string header = "n,,")
    {
        ArgumentNullException.ThrowIfNull(header);
        PeerMessage asked = await ExpectAsync('R');
        if (asked.Code != 10 || !asked.Text.Contains(mechanism, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"expected an offer of {mechanism}, got {asked}");
        }

        string bare = $"n=,r={Convert.ToBase64String(RandomNumberGenerator.GetBytes(18))}";
        await SendAsync(SaslInitial(mechanism, header + bare));
        PeerMessage first = await ExpectAsync('R');
        byte[] binding = header.StartsWith('p') ? SHA256.HashData(Certificate!.RawData) : [];
        (string final, string signature) = PeerScram.Answer(password, header, binding, bare, Encoding.ASCII.GetString(first.Body.AsSpan(4)));
        await SendAsync(Message('p', Encoding.ASCII.GetBytes(final)));
        return signature;
    }

    /// <summary>SASLInitialResponse.</summary>
    public static byte[] SaslInitial(string mechanism, string response) => Message(
        'p', [.. Encoding.ASCII.GetBytes(mechanism + '\0'), .. Int32(response.Length), .. Encoding.ASCII.GetBytes(response)]);

    /// <summary>Reads up to ReadyForQuery or an error.</summary>
    /// <returns>All of it in order; SASLFinal is checked against <paramref name="signature"/>.</returns>
    public async Task<IReadOnlyList<PeerMessage>> ReadGreetingAsync(string? signature = null)
    {
        var messages = new List<PeerMessage>();
        while (messages is not [.., { Type: 'Z' or 'E' }])
        {
            messages.Add(await ReadMessageAsync());
            if (messages[^1] is { Type: 'R', Code: 12 } final)
            {
                IsGatewayProven = Encoding.ASCII.GetString(final.Body.AsSpan(4)) == $"v={signature}";
            }
        }

        return messages;
    }

    /// <summary>Asks for the cancellation of a query, and nothing else on this connection.</summary>
    public Task CancelAsync(int processId, byte[] key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return SendAsync((byte[])[.. Int32(12 + key.Length), .. Int32(80877102), .. Int32(processId), .. key]);
    }
}
