using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace WireGate.EndToEnd.Tests.Ssh;

/// <summary>A client that says over TCP whatever a test wants, before there are keys.</summary>
internal sealed class RawSshClient : IAsyncDisposable
{
    public const byte Ignore = 2, Unimplemented = 3, Debug = 4, ServiceRequest = 5, ExtInfo = 7, KexInit = 20, NewKeys = 21, EcdhInit = 30, EcdhReply = 31, UserAuthRequest = 50;

    private static readonly byte[] Version = "SSH-2.0-Raw\r\n"u8.ToArray();

    private readonly TcpClient _client;
    private readonly List<byte> _received = [];

    private RawSshClient(TcpClient client) => _client = client;

    /// <summary>What has come so far.</summary>
    public IReadOnlyList<byte> Received => _received;

    public static async Task<RawSshClient> ConnectAsync(int port)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, port);
        return new RawSshClient(client);
    }

    /// <summary>Connected, and the version line sent.</summary>
    public static async Task<RawSshClient> GreetAsync(int port)
    {
        RawSshClient client = await ConnectAsync(port);
        await client.SendAsync(Version);
        return client;
    }

    /// <summary>uint32 packet_length, byte padding_length, payload, padding: in clear, in blocks of eight.</summary>
    public static byte[] Packet(params ReadOnlySpan<byte> payload)
    {
        int padding = 8 - ((5 + payload.Length) % 8);
        padding += padding < 4 ? 8 : 0;
        byte[] packet = new byte[5 + payload.Length + padding];
        BinaryPrimitives.WriteInt32BigEndian(packet, packet.Length - 4);
        packet[4] = (byte)padding;
        payload.CopyTo(packet.AsSpan(5));
        return packet;
    }

    /// <summary>SSH_MSG_KEXINIT with one of each, and a cookie of zeros.</summary>
    public static byte[] KexInitOf(bool isStrict)
    {
        string exchanges = "curve25519-sha256" + (isStrict ? ",kex-strict-c-v00@openssh.com" : "");
        return [KexInit, .. new byte[16], .. Of(exchanges), .. Of("ssh-ed25519"), .. Of("aes128-ctr"), .. Of("aes128-ctr"), .. Of("hmac-sha2-256"), .. Of("hmac-sha2-256"),
            .. Of("none"), .. Of("none"), .. Of(""), .. Of(""), 0, 0, 0, 0, 0];
    }

    /// <summary>SSH_MSG_KEX_ECDH_INIT; whose private half it is nobody asks before NEWKEYS.</summary>
    public static byte[] EcdhInitOfNobody() => [EcdhInit, 0, 0, 0, 32, .. RandomNumberGenerator.GetBytes(31), 1];

    /// <summary>An SSH string.</summary>
    public static byte[] Of(string text) => [0, 0, 0, (byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

    /// <summary>Sends; that the gateway has closed already is for <see cref="IsClosed"/>.</summary>
    public async Task SendAsync(byte[] bytes)
    {
        try
        {
            await _client.GetStream().WriteAsync(bytes);
        }
        catch (IOException)
        {
        }
    }

    /// <summary>Takes what has come, and says whether the gateway has closed.</summary>
    public bool IsClosed()
    {
        Socket socket = _client.Client;
        byte[] buffer = new byte[4096];
        while (socket.Poll(0, SelectMode.SelectRead))
        {
            int count;
            try
            {
                count = socket.Receive(buffer);
            }
            catch (SocketException)
            {
                return true;
            }

            if (count == 0)
            {
                return true;
            }

            _received.AddRange(buffer[..count]);
        }

        return false;
    }

    /// <summary>The numbers of the messages that came in clear: all up to NEWKEYS.</summary>
    public IReadOnlyList<byte> Kinds()
    {
        var kinds = new List<byte>();
        byte[] all = [.. _received];
        int at = all.AsSpan().IndexOf((byte)'\n') + 1;
        while (at > 0 && at + 6 <= all.Length && !kinds.Contains(NewKeys))
        {
            kinds.Add(all[at + 5]);
            at += 4 + BinaryPrimitives.ReadInt32BigEndian(all.AsSpan(at));
        }

        return kinds;
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}
