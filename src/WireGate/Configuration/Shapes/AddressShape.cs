using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text.Json.Nodes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Shapes;

/// <summary>An address to listen on: only what the machine itself can tell, so a name server has no say in where it listens.</summary>
internal sealed class ListenAddressShape : AddressShape
{
    protected override string Expected => "an address to listen on: 127.0.0.1:5432, \"[::]:5432\" or unix:/path";

    protected override bool IsFit(Address address) => address.IsUnix || address.Host == "localhost" || IPAddress.TryParse(address.Host, out _);
}

/// <summary>An address to connect to.</summary>
internal sealed class ConnectAddressShape : AddressShape
{
    /// <summary>What it takes, as errors say it.</summary>
    public const string Kinds = "an address: host, host:port, \"[v6]:port\" or unix:/path";

    protected override string Expected => Kinds;

    protected override bool IsFit(Address address) => address.IsUnix || address.Port > 0;
}

/// <summary>Host and port, or the path of a Unix socket.</summary>
internal abstract class AddressShape : TextualShape<Address>
{
    /// <summary>struct sockaddr_un on Linux: 108 bytes with the closing zero.</summary>
    private const int MaximumSocketPath = 107;

    public sealed override JsonObject Schema() => new() { ["type"] = "string", ["minLength"] = 1 };

    public sealed override JsonNode Write(Address value) => JsonValue.Create(value.ToString());

    protected abstract bool IsFit(Address address);

    protected sealed override bool TryRead(ScalarNode node, ReadContext context, [MaybeNullWhen(false)] out Address value)
    {
        if (!Address.TryParse(node.Text, context.DefaultPort, out value) || !IsFit(value) || node.Text.AsSpan().ContainsAnyInRange('\0', '\u001f'))
        {
            context.Report(node, $"expected {Expected}");
            return false;
        }

        if (value.IsUnix && System.Text.Encoding.UTF8.GetByteCount(value.Path!) > MaximumSocketPath)
        {
            context.Report(node, $"the path of a Unix socket has at most {MaximumSocketPath} bytes, choose a shorter one");
            return false;
        }

        return true;
    }
}
