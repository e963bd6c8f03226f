using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace WireGate.Core.Credentials;

/// <summary>
/// Reads a secret from a file. It is read anew for every caller, so a changed file, a renamed one and a swapped symbolic link
/// (Kubernetes) count from the next session on. Links are followed; what is checked is the file that was really opened.
/// </summary>
/// <param name="path">Where it is.</param>
public sealed class FileSecretSource(string path) : ISecretSource
{
    /// <summary>Bytes of a secret at most. Ours: a private key with its whole certificate chain stays far below.</summary>
    public const int MaxLength = 64 * 1024;

    /// <summary>Bytes below which a file is read on the stack: any password or token, most keys.</summary>
    private const int UsualLength = 4096;

    private const UnixFileMode NobodyElse = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <inheritdoc/>
    public ValueTask<Secret> FetchAsync(bool fresh, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Read());
    }

    /// <summary>What a value ends with in a file or on a terminal is not part of it: one line end.</summary>
    internal static ReadOnlySpan<byte> WithoutLineEnd(ReadOnlySpan<byte> value) =>
        value.EndsWith("\r\n"u8) ? value[..^2] : value.EndsWith("\n"u8) ? value[..^1] : value;

    private Secret Read()
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new SecretUnavailableException($"file {path}: its owner can be checked on Linux only");
        }

        // Without O_NONBLOCK, opening a FIFO would wait for its writer.
        int descriptor = Libc.Open(path, Libc.O_RDONLY | Libc.O_CLOEXEC | Libc.O_NONBLOCK | Libc.O_NOCTTY);
        if (descriptor < 0)
        {
            throw new SecretUnavailableException($"file {path} cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        using SafeFileHandle handle = new(descriptor, ownsHandle: true);
        if (!Libc.TryGetFacts(descriptor, out Libc.FileFacts facts))
        {
            throw new SecretUnavailableException($"file {path} cannot be examined: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        if (Refuse(facts, Libc.EffectiveUser()) is { } refusal)
        {
            throw new SecretUnavailableException($"file {path} {refusal}");
        }

        // A password is read at every login: on the stack, where it costs the collector nothing.
        Span<byte> buffer = facts.Size < UsualLength
            ? stackalloc byte[UsualLength]
            : GC.AllocateUninitializedArray<byte>(MaxLength + 1, pinned: true);
        int length = 0;
        try
        {
            int read;
            while (length < buffer.Length && (read = RandomAccess.Read(handle, buffer[length..], length)) > 0)
            {
                length += read;
            }

            if (!Libc.TryGetFacts(descriptor, out Libc.FileFacts after) || !after.SameContentAs(facts))
            {
                throw new SecretUnavailableException($"file {path} was changed while it was read: replace it by renaming a new one over it");
            }

            ReadOnlySpan<byte> value = WithoutLineEnd(buffer[..length]);
            return length == buffer.Length ? throw new SecretUnavailableException($"file {path} is larger than {MaxLength} bytes, or than it says")
                : value.IsEmpty ? throw new SecretUnavailableException($"file {path} is empty")
                : Secret.CopyOf(value);
        }
        catch (IOException e)
        {
            throw new SecretUnavailableException($"file {path} cannot be read", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer[..length]);
        }
    }

    /// <summary>
    /// PostgreSQL's rule for its key file: ours and for nobody else; or root's, who may also let a group read it. That group is how
    /// systemd (as the mask of an ACL) and Kubernetes (fsGroup) hand a secret to a user who is not root.
    /// </summary>
    internal static string? Refuse(in Libc.FileFacts facts, uint user)
    {
        UnixFileMode forbidden = facts.Owner == user ? NobodyElse : NobodyElse & ~UnixFileMode.GroupRead;
        return !facts.IsRegular ? "is not a regular file"
            : facts.Owner != user && facts.Owner != 0 ? user == 0
                ? $"belongs to uid {facts.Owner}, and this runs as root: run it as that user, as the daemon does"
                : $"belongs to uid {facts.Owner}: it must belong to uid {user} or to root"
            : (facts.Permissions & forbidden) != 0 ? $"is open to others (mode {Convert.ToString((int)facts.Permissions, 8)}): chmod 0400"
            : null;
    }
}
