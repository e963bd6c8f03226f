using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using WireGate.Core.Framing;

namespace WireGate.Postgres.Messages;

/// <summary>
/// Reads a handshake message by message. A message lies in the connection's own buffer until <see cref="Release"/>, which zeroes it:
/// what a client presents does not stay behind in a buffer that others use next.
/// </summary>
internal sealed class HandshakeInput<TFramer>(PipeReader input)
    where TFramer : struct, IFramer
{
    private SequencePosition _consumed;
    private ReadOnlySequence<byte> _body;

    /// <summary>The type byte of the current message.</summary>
    public byte Kind { get; private set; }

    /// <summary>The current message without its header; borrowed until <see cref="Release"/>.</summary>
    public ReadOnlySequence<byte> Body => _body;

    /// <summary>The same in one piece.</summary>
    public ReadOnlySpan<byte> BodySpan => _body.IsSingleSegment ? _body.FirstSpan : _body.ToArray();

    /// <summary>Waits for the next message.</summary>
    /// <returns>False: the peer closed.</returns>
    /// <exception cref="ProtocolException">The message can never be valid here.</exception>
    public async ValueTask<bool> NextAsync()
    {
        while (true)
        {
            ReadResult result = await input.ReadAsync(CancellationToken.None);
            if (Frames.TryRead<TFramer>(result.Buffer, out byte kind, out _body, out _consumed))
            {
                Kind = kind;
                return true;
            }

            input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted)
            {
                return false;
            }
        }
    }

    /// <summary>Done with the current message.</summary>
    public void Release()
    {
        foreach (ReadOnlyMemory<byte> part in _body)
        {
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsMemory(part).Span);
        }

        _body = default;
        input.AdvanceTo(_consumed);
    }
}
