using System.Net;
using System.Text;
using WireGate.Testing.Peers;

namespace WireGate.EndToEnd.Tests.Harness;

/// <summary>A session of bytes: what no driver sends in this order, or at once.</summary>
internal sealed class RawSession : IAsyncDisposable
{
    private readonly ScriptedClient _client;

    private RawSession(ScriptedClient client) => _client = client;

    /// <summary>Process id and secret, as the greeting had them.</summary>
    public (int ProcessId, byte[] Key) CancelKey { get; private set; }

    /// <summary>Opens one through the gateway, which asks for a cleartext password.</summary>
    public static async Task<RawSession> OpenAsync(Endpoint endpoint, params (string Name, string Value)[] parameters)
    {
        RawSession session = await ConnectAsync(endpoint, parameters);
        await session._client.PresentPasswordAsync(endpoint.Password);
        await session.GreetAsync(null);
        return session;
    }

    /// <summary>Opens one without the gateway: PostgreSQL asks for SCRAM.</summary>
    public static async Task<RawSession> OpenDirectAsync(Endpoint endpoint)
    {
        RawSession session = await ConnectAsync(endpoint);
        await session.GreetAsync(await session._client.PresentScramAsync(endpoint.Password));
        return session;
    }

    public static byte[] Query(string sql) => Message('Q', $"{sql}\0");

    public static byte[] Parse(string sql, string name = "") => Message('P', $"{name}\0{sql}\0\0\0");

    public static byte[] Bind(string statement = "", string portal = "") => Message('B', $"{portal}\0{statement}\0\0\0\0\0\0\0");

    public static byte[] Execute(string portal = "") => Message('E', $"{portal}\0\0\0\0\0");

    public static byte[] Close(string statement) => Message('C', $"S{statement}\0");

    /// <summary>Parse, Bind and Execute of the unnamed ones.</summary>
    public static byte[] Run(string sql) => [.. Parse(sql), .. Bind(), .. Execute()];

    public static byte[] Sync { get; } = Message('S', "");

    public static byte[] Message(char type, string body) => ScriptedClient.Message(type, Encoding.UTF8.GetBytes(body));

    public Task SendAsync(params byte[][] messages) => _client.SendAsync(messages.SelectMany(m => m).ToArray());

    /// <summary>Reads up to so many ReadyForQuery.</summary>
    /// <returns>The messages in order, without notices and reports of settings.</returns>
    public async Task<IReadOnlyList<PeerMessage>> ReadAsync(int ready = 1)
    {
        var messages = new List<PeerMessage>();
        while (messages.Count(m => m.Type == 'Z') < ready)
        {
            PeerMessage message = await _client.ReadMessageAsync();
            if (message.Type is not ('S' or 'N'))
            {
                messages.Add(message);
            }
        }

        return messages;
    }

    /// <summary>The next message, whatever it is.</summary>
    public Task<PeerMessage> ReadOneAsync() => _client.ReadMessageAsync();

    /// <summary>Asks for the cancellation of what runs, with the key of the greeting, and waits until the other end has closed.</summary>
    public async Task CancelAsync(int port)
    {
        await using ScriptedClient other = await ScriptedClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        await other.CancelAsync(CancelKey.ProcessId, CancelKey.Key);
        await other.ReadToEndAsync();
    }

    /// <summary>Sends and reads up to so many ReadyForQuery.</summary>
    /// <returns>What came, a word each: a type, with the SQLSTATE of an error, the tag of a completion, the status when ready, the values of a row.</returns>
    public async Task<string> AskAsync(int ready, params byte[][] messages)
    {
        await SendAsync(messages);
        return string.Join(' ', (await ReadAsync(ready)).Select(Describe));
    }

    public Task<string> AskAsync(string sql) => AskAsync(1, Query(sql));

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private static async Task<RawSession> ConnectAsync(Endpoint endpoint, params (string Name, string Value)[] parameters)
    {
        var session = new RawSession(await ScriptedClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, endpoint.Port)));
        await session._client.StartAsync(endpoint.User, endpoint.Database, parameters);
        return session;
    }

    private async Task GreetAsync(string? signature)
    {
        IReadOnlyList<PeerMessage> greeting = await _client.ReadGreetingAsync(signature);
        if (greeting[^1].Type != 'Z')
        {
            throw new InvalidOperationException($"not let in: {greeting[^1]}");
        }

        PeerMessage key = greeting.Single(m => m.Type == 'K');
        CancelKey = (key.Code, key.Body[4..]);
    }

    private static string Describe(PeerMessage message) => message.Type switch
    {
        'E' => $"E{message.Field('C')}",
        'C' => $"C({message.Text.TrimEnd('\0')})",
        'Z' => $"Z{message.Text}",
        'D' => $"D({string.Join(',', Values(message.Body))})",
        _ => $"{message.Type}",
    };

    // Int16 count | of each: Int32 length, -1: null; bytes
    private static IEnumerable<string> Values(byte[] body)
    {
        int at = 2;
        while (at < body.Length)
        {
            int length = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(at));
            at += 4;
            yield return length < 0 ? "null" : Encoding.UTF8.GetString(body, at, length);
            at += Math.Max(0, length);
        }
    }
}
