using System.Collections.Immutable;
using WireGate.Core.Transport;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Relaying;

/// <summary>
/// OpenSSH's PROTOCOL section 2.5: a client is told of all our host keys, and keeps those that we prove to have, so that one can be taken
/// out of use later without anybody being asked whether the new one is ours.
/// </summary>
internal sealed class HostKeyProof(SshTransport client, EventLoop loop)
{
    public const string Announcement = "hostkeys-00@openssh.com";
    public const string Request = "hostkeys-prove-00@openssh.com";

    // Signatures cost, and OpenSSH asks once.
    private bool _isProven;

    /// <summary>Tells of the keys.</summary>
    public void Announce()
    {
        // string announcement, boolean want reply, string[] host keys
        using var message = new SshWriter();
        message.Byte((byte)SshMessage.SSH_MSG_GLOBAL_REQUEST).String(Announcement).Boolean(false);
        foreach (SshPrivateKey key in client.HostKeys.Keys)
        {
            message.String(key.PublicKey.Blob.Span);
        }

        client.Send(message.WrittenSpan);
    }

    /// <summary>Whose proofs a client wants.</summary>
    /// <param name="keys">string[] host keys.</param>
    /// <returns>Null: it has had them, or asks for what is none of ours.</returns>
    /// <exception cref="Core.Framing.ProtocolException">It is not well formed.</exception>
    public IReadOnlyList<SshPrivateKey>? Read(SshReader keys)
    {
        var wanted = new List<SshPrivateKey>();
        while (keys.Remaining > 0)
        {
            ReadOnlySpan<byte> blob = keys.ReadString();
            SshPrivateKey? key = null;
            foreach (SshPrivateKey ours in client.HostKeys.Keys)
            {
                key = ours.PublicKey.Blob.Span.SequenceEqual(blob) && !wanted.Contains(ours) ? ours : key;
            }

            if (key is null || _isProven)
            {
                return null;
            }

            wanted.Add(key);
        }

        _isProven = true;
        return wanted.Count > 0 ? wanted : null;
    }

    /// <summary>The answer with the proofs.</summary>
    public async ValueTask<byte[]> ProveAsync(IReadOnlyList<SshPrivateKey> keys)
    {
        byte[] session = client.SessionId;
        string agreed = client.HostKeyAlgorithm;
        byte[] answer = await Task.Run(() =>
        {
            // string[] signatures
            using var message = new SshWriter();
            message.Byte((byte)SshMessage.SSH_MSG_REQUEST_SUCCESS);
            foreach (SshPrivateKey key in keys)
            {
                // string request, string session identifier, string host key
                using var proven = new SshWriter();
                proven.String(Request).String(session).String(key.PublicKey.Blob.Span);

                // By the hash that was agreed on for RSA, where that was.
                ImmutableArray<string> algorithms = key.PublicKey.SignatureAlgorithms;
                message.String(key.Sign(algorithms.Contains(agreed) ? agreed : algorithms[0], proven.WrittenSpan));
            }

            return message.WrittenSpan.ToArray();
        });
        await loop.Switch();
        return answer;
    }
}
