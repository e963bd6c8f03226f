using System.Net;
using System.Net.Sockets;

namespace WireGate.Core.Sessions;

/// <summary>
/// Who counts as one source: an IPv4 address, or an IPv6 /64, which is what one host is given and can change its address in at will.
/// </summary>
internal readonly record struct SourceKey(ulong High, ulong Low)
{
    /// <summary>All of this machine's Unix sockets are one source.</summary>
    internal static SourceKey Of(IPAddress? address)
    {
        if (address is null)
        {
            return default;
        }

        Span<byte> bytes = stackalloc byte[16];
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            address.TryWriteBytes(bytes, out _);
            return new SourceKey(4, System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes));
        }

        address.TryWriteBytes(bytes, out _);
        return new SourceKey(6, System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes));
    }
}
