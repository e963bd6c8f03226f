using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using WireGate.Configuration.Model;

namespace WireGate.Configuration;

/// <summary>Reads a file and those that it includes: each once, the including one first, those of one pattern by name.</summary>
internal sealed class ConfigFiles(ReadContext context) : IDisposable
{
    /// <summary>Of one file. A thousand targets fit in half of it.</summary>
    private const int MaximumBytes = 1 << 20;

    /// <summary>Of one config, so that a pattern on the wrong directory is an error and not an hour's work.</summary>
    private const int MaximumFiles = 256;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly EnumerationOptions Listing = new()
    {
        IgnoreInaccessible = false,
        MatchCasing = MatchCasing.CaseSensitive,

        // Names with a leading dot are editors' drafts and Kubernetes' own.
        AttributesToSkip = FileAttributes.Hidden,
    };

    private readonly List<string> _files = [];
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly List<WatchedFiles> _watched = [];
    private readonly List<MapNode> _roots = [];
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>What each file holds, in order.</summary>
    public IReadOnlyList<MapNode> Roots => _roots;

    /// <summary>True: at least one file could not be read or is no YAML; the errors say which.</summary>
    public bool Unreadable { get; private set; }

    public ImmutableArray<WatchedFiles> Watched => [.. _watched.Distinct()];

    /// <summary>First 12 hex digits of what <c>cat FILE… | sha256sum</c> prints.</summary>
    public string Version() => Convert.ToHexStringLower(_hash.GetCurrentHash())[..12];

    public int OrderOf(string file) => _files.IndexOf(file);

    public void Dispose() => _hash.Dispose();

    /// <summary>Reads the main file.</summary>
    public void Read(string path)
    {
        Watch(Path.GetFullPath(path));
        Read(path, new Source(null, path));
    }

    private void Read(string path, Source source)
    {
        if (!_seen.Add(Path.GetFullPath(path)))
        {
            Fail(source, $"{Path.GetFileName(path)} is included twice or includes itself, let one pattern name it once");
            return;
        }

        if (_files.Count == MaximumFiles)
        {
            Fail(source, $"more than {MaximumFiles} files, put them together");
            return;
        }

        _files.Add(path);
        if (ReadText(path, source) is not { } text)
        {
            return;
        }

        MapNode? root = YamlTree.Read(path, text, context.Errors);
        if (root is null)
        {
            Unreadable = true;
            return;
        }

        _roots.Add(root);
        if (root.Find(RootShape.IncludeKey) is not { } include)
        {
            return;
        }

        RootShape.Include.TryRead(include, context, out ImmutableArray<string> _);
        foreach (ScalarNode pattern in (include as ListNode)?.Items.OfType<ScalarNode>().Where(s => s.ScalarKind == ScalarKind.Text) ?? [])
        {
            Include(path, pattern);
        }
    }

    private void Include(string from, ScalarNode pattern)
    {
        string directory = Path.GetDirectoryName(Path.Combine(Path.GetDirectoryName(from) ?? "", pattern.Text)) ?? "/";
        string here = directory.Length == 0 ? "." : directory;
        string name = Path.GetFileName(pattern.Text);
        if (name.Length == 0 || directory.AsSpan().ContainsAny('*', '?') || pattern.Text.Contains('\0', StringComparison.Ordinal))
        {
            Fail(new Source(pattern, from), "expected the path of a file, with * and ? in its last part only");
            return;
        }

        _watched.Add(new WatchedFiles(Path.GetFullPath(here), name));
        if (!name.AsSpan().ContainsAny('*', '?'))
        {
            Read(Path.Combine(directory, name), new Source(pattern, from));
            return;
        }

        foreach (string file in List(directory, name, pattern, from))
        {
            Read(file, new Source(pattern, from));
        }
    }

    private string[] List(string directory, string name, ScalarNode pattern, string from)
    {
        try
        {
            return
            [
                .. Directory.EnumerateFiles(directory.Length == 0 ? "." : directory, name, Listing)
                    .Select(f => Path.Combine(directory, Path.GetFileName(f)))
                    .Order(StringComparer.Ordinal),
            ];
        }
        catch (DirectoryNotFoundException)
        {
            // A pattern asks for what is there, and an empty directory is as good as none.
            return [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Fail(new Source(pattern, from), $"the directory cannot be listed ({e.GetType().Name}), let the daemon's user read it");
            return [];
        }
    }

    private string? ReadText(string path, Source source)
    {
        byte[] bytes = new byte[MaximumBytes + 1];
        int length;
        try
        {
            using FileStream stream = File.OpenRead(path);
            length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            Fail(source, $"{path} does not exist, create it or correct the path");
            return null;
        }
        catch (UnauthorizedAccessException) when (Directory.Exists(path))
        {
            Fail(source, $"{path} is a directory, name the file in it");
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Fail(source, $"{path} cannot be read ({e.GetType().Name}), let the daemon's user read it");
            return null;
        }

        if (length > MaximumBytes)
        {
            Fail(source, $"{path} is larger than 1 MiB, split it with include");
            return null;
        }

        ReadOnlySpan<byte> content = bytes.AsSpan(0, length);
        _hash.AppendData(content);
        try
        {
            return StrictUtf8.GetString(content.StartsWith(Encoding.UTF8.Preamble) ? content[3..] : content);
        }
        catch (DecoderFallbackException)
        {
            Fail(source, $"{path} is not UTF-8, save it as UTF-8");
            return null;
        }
    }

    private void Watch(string file) => _watched.Add(new WatchedFiles(Path.GetDirectoryName(file) ?? "/", Path.GetFileName(file)));

    private void Fail(Source source, string message)
    {
        Unreadable = true;
        Position position = source.Node?.Position ?? new Position(source.File, 1, 1);
        context.Report(position, source.Node?.Path ?? "", message);
    }

    /// <summary>Who asked for a file: an item of <c>include</c>, or, for the main file, nobody but itself.</summary>
    private readonly record struct Source(ConfigNode? Node, string File);
}
