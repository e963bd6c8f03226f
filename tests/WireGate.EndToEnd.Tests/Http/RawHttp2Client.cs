using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>
/// A client of HTTP/2 in clear of which a test writes each frame, with field sections that no library would write. It shares nothing with the
/// gateway's own codec. Latin-1.
/// </summary>
internal sealed class RawHttp2Client : IAsyncDisposable
{
    private const int Head = 9;
    private const byte Data = 0, Headers = 1, Reset = 3, Settings = 4, Ping = 6, GoAway = 7, WindowUpdate = 8;
    private const byte EndStream = 1, Ack = 1, EndHeaders = 4;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly Dictionary<int, string> _statuses = [];
    private readonly Dictionary<int, string> _ends = [];
    private byte[] _received = [];

    private RawHttp2Client()
    {
    }

    /// <param name="port">On loopback.</param>
    /// <param name="isWide">Its windows are as wide as can be, for its connection and for each stream.</param>
    public static async Task<RawHttp2Client> ConnectAsync(int port, bool isWide = false)
    {
        var client = new RawHttp2Client();
        await client._socket.ConnectAsync(IPAddress.Loopback, port);

        // SETTINGS_HEADER_TABLE_SIZE 0: each answer stands for itself. SETTINGS_INITIAL_WINDOW_SIZE, and what the connection has besides its 65,535.
        byte[] tables = [0, 1, 0, 0, 0, 0], windows = [0, 4, 0x7F, 0xFF, 0xFF, 0xFF];
        await client.SendAsync([.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, 0, isWide ? [.. tables, .. windows] : tables)]);
        if (isWide)
        {
            await client.SendAsync(Frame(WindowUpdate, 0, 0, [0x7F, 0xFF, 0, 0]));
        }

        return client;
    }

    /// <summary>Fields as they stand, each a literal that no table remembers.</summary>
    public Task FieldsAsync(int stream, IEnumerable<(string Name, string Value)> fields, bool isLast) =>
        SendAsync(Frame(Headers, (byte)(EndHeaders | (isLast ? EndStream : 0)), stream, [.. fields.SelectMany(f => (byte[])[0, .. Text(f.Name), .. Text(f.Value)])]));

    public Task DataAsync(int stream, string data, bool isLast) =>
        SendAsync(Frame(Data, isLast ? EndStream : (byte)0, stream, Encoding.Latin1.GetBytes(data)));

    /// <summary>Waits for what becomes of a stream.</summary>
    /// <returns>The status of an answer that is whole, "reset", "goaway", or "closed".</returns>
    public async Task<string> OutcomeAsync(int stream)
    {
        while (!_ends.ContainsKey(stream))
        {
            if (!await ReadAsync())
            {
                return _ends.GetValueOrDefault(0, "closed");
            }
        }

        return _ends[stream];
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    // Length (24), Type (8), Flags (8), R (1), Stream Identifier (31), Frame Payload (RFC 9113 section 4.1).
    private static byte[] Frame(byte type, byte flags, int stream, byte[] payload)
    {
        byte[] frame = [(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, type, flags, 0, 0, 0, 0, .. payload];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        return frame;
    }

    // H (1), String Length (7+), String Data (RFC 7541 section 5.2).
    private static byte[] Text(string text)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        var length = new List<byte> { (byte)Math.Min(127, bytes.Length) };
        for (int rest = bytes.Length - 127; rest >= 0; rest = rest < 128 ? -1 : rest >> 7)
        {
            length.Add((byte)(rest < 128 ? rest : (rest & 127) | 128));
        }

        return [.. length, .. bytes];
    }

    private async Task SendAsync(byte[] bytes)
    {
        try
        {
            await _socket.SendAsync(bytes).WaitAsync(Wait.Limit);
        }
        catch (SocketException)
        {
            // The gateway has closed: what was sent before is why.
        }
    }

    private async Task<bool> ReadAsync()
    {
        byte[] block = new byte[64 * 1024];
        while (_received.Length < Head || _received.Length < Head + Length)
        {
            int count;
            try
            {
                count = await _socket.ReceiveAsync(block).WaitAsync(Wait.Limit);
            }
            catch (SocketException)
            {
                count = 0;
            }

            if (count == 0)
            {
                return false;
            }

            _received = [.. _received, .. block[..count]];
        }

        (byte type, byte flags, int stream) = (_received[3], _received[4], BinaryPrimitives.ReadInt32BigEndian(_received.AsSpan(5)));
        byte[] payload = _received[Head..(Head + Length)];
        _received = _received[(Head + Length)..];
        switch (type)
        {
            case Settings when (flags & Ack) == 0:
                await SendAsync(Frame(Settings, Ack, 0, []));
                break;
            case Ping when (flags & Ack) == 0:
                await SendAsync(Frame(Ping, Ack, 0, payload));
                break;
            case Headers when _statuses.GetValueOrDefault(stream, "1")[0] == '1':
                _statuses[stream] = StatusOf(payload);
                break;
            case Reset:
                _ends.TryAdd(stream, "reset");
                break;
            case GoAway:
                // The first of two on an orderly end has code 0, and what runs goes on.
                if (BinaryPrimitives.ReadInt32BigEndian(payload.AsSpan(4)) != 0)
                {
                    _ends.TryAdd(0, "goaway");
                }

                break;
            default:
                break;
        }

        if (type is Headers or Data && (flags & EndStream) != 0)
        {
            _ends.TryAdd(stream, _statuses[stream]);
        }

        return true;
    }

    private int Length => (_received[0] << 16) | (_received[1] << 8) | _received[2];

    // :status is the first field: one of the seven of the static table, or three digits behind its name, most often in Huffman's code.
    private static string StatusOf(byte[] section)
    {
        const int First = 8;
        string[] known = ["200", "204", "206", "304", "400", "404", "500"];
        int at = section.TakeWhile(b => (b & 0xE0) == 0x20).Count();
        if ((section[at] & 0x80) != 0)
        {
            return known[(section[at] & 0x7F) - First];
        }

        byte length = section[at + 1];
        byte[] text = section[(at + 2)..(at + 2 + (length & 0x7F))];
        return (length & 0x80) == 0 ? Encoding.Latin1.GetString(text) : Digits(string.Concat(text.Select(b => b.ToString("b8", CultureInfo.InvariantCulture))));
    }

    // RFC 7541 appendix B: 0, 1 and 2 are 00000 to 00010, 3 to 9 are 011001 to 011111.
    private static string Digits(string bits)
    {
        string digits = "";
        for (int at = 0; digits.Length < 3;)
        {
            bool isShort = bits[at..].StartsWith("000", StringComparison.Ordinal);
            int value = Convert.ToInt32(bits[at..(at + (isShort ? 5 : 6))], 2);
            digits += isShort ? value : value - 0b011001 + 3;
            at += isShort ? 5 : 6;
        }

        return digits;
    }
}
