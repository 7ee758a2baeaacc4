// RbTree: a balanced binary tree whose nodes lie inside the objects that it orders.
//
// Linux: struct rb_node, lib/rbtree.c. Any context; no lock inside: the tree's owner says which lock guards it. The owner finds the place of a new
// node, since he alone knows the order: he walks from the root, then calls Insert with the parent and the side.
// Invariants, which keep every path short: the root is black; a red node has black children; every path from a node down to a missing child passes
// the same number of black nodes. So no path is more than twice as long as another.

namespace CSharpOS.Lib;

/// <summary>An object's place in a tree.</summary>
/// <linux>rb_node</linux>
public unsafe struct RbNode
{
    internal RbNode* Parent;
    internal RbNode* Left;
    internal RbNode* Right;
    internal bool Red;
}

/// <summary>A tree. Zero is an empty one.</summary>
/// <linux>rb_root</linux>
public unsafe struct RbTree
{
    internal RbNode* Root;

    /// <summary>Puts a node under <paramref name="parent"/> (null: it becomes the root), on the side that must be free, and balances.</summary>
    /// <linux>rb_link_node and rb_insert_color</linux>
    public static void Insert(RbTree* tree, RbNode* node, RbNode* parent, bool left)
    {
        *node = new RbNode { Parent = parent, Red = true };
        if (parent == null)
        {
            tree->Root = node;
        }
        else if (left)
        {
            parent->Left = node;
        }
        else
        {
            parent->Right = node;
        }

        // Only one thing can be wrong: node and its parent are both red.
        while (node->Parent != null && node->Parent->Red)
        {
            parent = node->Parent;
            RbNode* grandparent = parent->Parent;
            bool onLeft = parent == grandparent->Left;
            RbNode* uncle = onLeft ? grandparent->Right : grandparent->Left;
            if (IsRed(uncle))
            {
                parent->Red = false;
                uncle->Red = false;
                grandparent->Red = true;
                node = grandparent;
                continue;
            }

            if (node == (onLeft ? parent->Right : parent->Left))
            {
                // The inner grandchild: turned outwards, it and its parent change places.
                Rotate(tree, parent, onLeft);
                node = parent;
                parent = node->Parent;
            }

            parent->Red = false;
            grandparent->Red = true;
            Rotate(tree, grandparent, !onLeft);
        }

        tree->Root->Red = false;
    }

    /// <summary>Takes a node out and balances.</summary>
    /// <linux>rb_erase</linux>
    public static void Erase(RbTree* tree, RbNode* node)
    {
        // What moves up, and under whom it hangs then.
        RbNode* child;
        RbNode* parent;
        bool lostRed = node->Red;
        if (node->Left == null || node->Right == null)
        {
            child = node->Left != null ? node->Left : node->Right;
            parent = node->Parent;
            Replace(tree, node, child);
        }
        else
        {
            // The next larger node takes its place, and leaves one below.
            RbNode* heir = Leftmost(node->Right);
            lostRed = heir->Red;
            child = heir->Right;
            parent = heir;
            if (heir->Parent != node)
            {
                parent = heir->Parent;
                Replace(tree, heir, child);
                heir->Right = node->Right;
                heir->Right->Parent = heir;
            }

            Replace(tree, node, heir);
            heir->Left = node->Left;
            heir->Left->Parent = heir;
            heir->Red = node->Red;
        }

        if (!lostRed)
        {
            Restore(tree, child, parent);
        }
    }

    /// <summary>The smallest node; null in an empty tree.</summary>
    /// <linux>rb_first</linux>
    public static RbNode* First(RbTree* tree) => tree->Root == null ? null : Leftmost(tree->Root);

    /// <summary>The node behind <paramref name="node"/>; null behind the last one.</summary>
    /// <linux>rb_next</linux>
    public static RbNode* Next(RbNode* node)
    {
        if (node->Right != null)
        {
            return Leftmost(node->Right);
        }

        RbNode* parent = node->Parent;
        while (parent != null && node == parent->Right)
        {
            node = parent;
            parent = node->Parent;
        }

        return parent;
    }

    // The paths through child, which may be null, have one black node too few.
    private static void Restore(RbTree* tree, RbNode* child, RbNode* parent)
    {
        while (child != tree->Root && !IsRed(child))
        {
            bool onLeft = child == parent->Left;
            RbNode* sibling = onLeft ? parent->Right : parent->Left;
            if (sibling->Red)
            {
                sibling->Red = false;
                parent->Red = true;
                Rotate(tree, parent, onLeft);
                sibling = onLeft ? parent->Right : parent->Left;
            }

            RbNode* near = onLeft ? sibling->Left : sibling->Right;
            RbNode* far = onLeft ? sibling->Right : sibling->Left;
            if (!IsRed(near) && !IsRed(far))
            {
                sibling->Red = true;
                child = parent;
                parent = child->Parent;
                continue;
            }

            if (!IsRed(far))
            {
                near->Red = false;
                sibling->Red = true;
                Rotate(tree, sibling, !onLeft);
                far = sibling;
                sibling = near;
            }

            sibling->Red = parent->Red;
            parent->Red = false;
            far->Red = false;
            Rotate(tree, parent, onLeft);
            return;
        }

        if (child != null)
        {
            child->Red = false;
        }
    }

    // Turns node down to the left (or right); its child on the other side comes up in its place.
    private static void Rotate(RbTree* tree, RbNode* node, bool left)
    {
        RbNode* up = left ? node->Right : node->Left;
        RbNode* inner = left ? up->Left : up->Right;
        Replace(tree, node, up);
        if (left)
        {
            node->Right = inner;
            up->Left = node;
        }
        else
        {
            node->Left = inner;
            up->Right = node;
        }

        if (inner != null)
        {
            inner->Parent = node;
        }

        node->Parent = up;
    }

    // What hangs under node's parent is replacement from now on. Node itself and what is below are untouched.
    private static void Replace(RbTree* tree, RbNode* node, RbNode* replacement)
    {
        RbNode* parent = node->Parent;
        if (parent == null)
        {
            tree->Root = replacement;
        }
        else if (node == parent->Left)
        {
            parent->Left = replacement;
        }
        else
        {
            parent->Right = replacement;
        }

        if (replacement != null)
        {
            replacement->Parent = parent;
        }
    }

    private static bool IsRed(RbNode* node) => node != null && node->Red;

    private static RbNode* Leftmost(RbNode* node)
    {
        while (node->Left != null)
        {
            node = node->Left;
        }

        return node;
    }
}
